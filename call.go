package beltic

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// Call is a request of the API that no service of the client has, for [Client.Call].
type Call struct {
	Method string // in capitals, such as POST; "" is GET
	// Route is the path below the base URL, such as /identity/sessions/{id}/approve, with {id} for each
	// of IDs. It is logged and observed, so it must hold nothing personal.
	Route string
	IDs   []string
	Query url.Values
	Body  any // is encoded by encoding/json; nil is none
}

// Call sends a request that no service of the client has, with its key, limits, retries and
// redaction. Every 2xx is a success. Encoding/json reads the whole body into out, unless that is nil
// or the body is empty; a *[json.RawMessage] keeps it as it is.
//
// Anything but a GET is sent again only as a write of a service is, and may end with an
// [*UncertainError] (see [AccountsService.Create]). The errors are those of [SessionsService.Get],
// and a [*ConfigError] for a method that is not in capitals, a route that is not a plain path or does
// not have as many places as there are IDs, and a Body that cannot be encoded. It is safe for
// concurrent use.
func (c *Client) Call(ctx context.Context, request Call, out any) error {
	if c == nil || c.send == nil {
		return errNoClient
	}
	request.Method = cmp.Or(request.Method, http.MethodGet)
	if err := request.check(); err != nil {
		return err
	}
	custom := call{Call: request}
	for _, values := range request.Query {
		custom.secrets = append(custom.secrets, values...)
	}
	resp, err := c.do(ctx, custom)
	if err != nil {
		return err
	}
	defer resp.Release()
	if out == nil || len(resp.Body) == 0 {
		return nil
	}
	if json.Unmarshal(resp.Body, out) != nil { // its error may hold a value of the body
		return custom.unread(&DecodeError{Reason: ReasonValue, Detail: "the body does not fit out"})
	}
	return nil
}

const (
	capitals   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	routeChars = capitals + "abcdefghijklmnopqrstuvwxyz0123456789/-_."
)

// check refuses what is not a method and a plain path. A step in the path would lead out of the base
// URL.
func (c Call) check() error {
	path := strings.ReplaceAll(c.Route, "{id}", "id")
	isPath := strings.HasPrefix(path, "/") && strings.Trim(path, routeChars) == "" && !strings.Contains(path, "/.")
	return cmp.Or(
		refuse(strings.Trim(c.Method, capitals) != "", "method", "is not in capitals"),
		refuse(!isPath, "route", "is not a path of plain segments and {id}"),
		refuse(strings.Count(c.Route, "{id}") != len(c.IDs), "route", "does not have as many {id} as there are IDs"),
	)
}

// call is one request of the API.
type call struct {
	Call
	secrets   []string       // besides the ids and the texts of the body: what no text of the server's may bring back
	advice    map[int]string // what to do, by status
	successes []int          // the statuses that it takes; nil is every 2xx
}

// The statuses of a success. Which of its two a write has is undocumented.
var (
	reads  = []int{http.StatusOK}
	writes = []int{http.StatusOK, http.StatusCreated}
)

// What to do about an error status.
var (
	listAdvice = map[int]string{
		http.StatusBadRequest:          "check the list options, a cursor may have expired",
		http.StatusNotFound:            "check the base URL",
		http.StatusUnprocessableEntity: "check the list options",
	}
	getAdvice = map[int]string{
		http.StatusBadRequest: "check the id",
		http.StatusNotFound:   "check the id: there is none that the API key may see",
		http.StatusGone:       "it was there and is no more",
	}
	writeAdvice = map[int]string{
		http.StatusBadRequest:          "check the parameters",
		http.StatusNotFound:            "check the ids: there is none that the API key may see",
		http.StatusConflict:            "look at what is there: it may exist, or be in another state",
		http.StatusUnprocessableEntity: "check the parameters",
	}
	commonAdvice = map[int]string{
		http.StatusUnauthorized:    "check the API key at https://console.beltic.com/",
		http.StatusForbidden:       "the API key may not do this",
		http.StatusTooManyRequests: "send fewer requests, or wait as long as RetryAfter says",
	}
)

// do sends a call and returns the response to it if that is a success.
func (c *Client) do(ctx context.Context, call call) (*transport.Response, error) {
	if err := c.checkContext(ctx); err != nil {
		return nil, err
	}
	body, texts, err := encode(call.Body)
	for _, id := range call.IDs {
		err = cmp.Or(err, checkID(id))
	}
	if err != nil {
		return nil, err
	}
	resp := c.send(ctx, &transport.Request{
		Method: call.Method, Route: call.Route, URL: c.url(call), Body: body,
		Secrets: slices.Concat(call.secrets, call.IDs, texts), Successes: call.successes,
	})
	if into := captured(ctx); into != nil {
		*into = newResponse(resp)
	}
	switch {
	case resp.Failure != nil:
		err = c.failure(resp)
	case resp.StatusCode >= 400:
		err = newAPIError(resp, call.advice[resp.StatusCode])
	case !resp.IsSuccess:
		err = &ProtocolError{Reason: "status " + strconv.Itoa(resp.StatusCode) + " is no success of this call"}
	default:
		return resp, nil
	}
	if resp.MayBeDone {
		err = &UncertainError{Err: err}
	}
	return nil, err
}

// url fills the ids into the route, each as one segment of the path.
func (c *Client) url(call call) *url.URL {
	path := call.Route
	for _, id := range call.IDs {
		path = strings.Replace(path, "{id}", url.PathEscape(id), 1)
	}
	target := *c.base
	target.RawPath = c.base.EscapedPath() + path
	target.Path, _ = url.PathUnescape(target.RawPath)
	target.RawQuery = call.Query.Encode()
	return &target
}

// encode returns a body as JSON, and its texts. Package encoding/json would replace what is not
// UTF-8.
func encode(v any) (body []byte, texts []string, err error) {
	if v == nil {
		return nil, nil, nil
	}
	if body, err = json.Marshal(v); err == nil { // so there is no cycle in it
		texts = textsOf(reflect.ValueOf(v))
	}
	isLossy := slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) })
	return body, texts, cmp.Or(refuse(err != nil, "body", "cannot be encoded"), refuse(isLossy, "body", "has text that is not UTF-8"))
}

// textsOf returns the texts and numbers in a value. Types and known values are no secret, and stand
// in the pointers of errors.
func textsOf(v reflect.Value) (texts []string) {
	if !v.IsValid() || v.IsZero() {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if value, isEnum := reflect.TypeAssert[enum](v); !isEnum || !value.Known() {
			texts = append(texts, v.String())
		}
	case reflect.Float64:
		texts = append(texts, strconv.FormatFloat(v.Float(), 'f', -1, 64))
	case reflect.Pointer, reflect.Interface:
		texts = textsOf(v.Elem())
	case reflect.Slice:
		if raw, isRaw := reflect.TypeAssert[json.RawMessage](v); isRaw {
			var value any
			_ = json.Unmarshal(raw, &value) // Marshal has found it valid
			return textsOf(reflect.ValueOf(value))
		}
		for i := range v.Len() {
			texts = append(texts, textsOf(v.Index(i))...)
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			texts = append(texts, textsOf(value)...)
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() && field.Name != "Type" {
				texts = append(texts, textsOf(value)...)
			}
		}
	}
	return texts
}

// checkContext reports a context that is nil or has ended.
func (c *Client) checkContext(ctx context.Context) error {
	if ctx != nil && ctx.Err() != nil {
		return c.failure(transport.Ended(ctx))
	}
	return refuse(ctx == nil, "context", "is nil")
}
