package beltic

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// DefaultBaseURL is the API's one base URL; the key's prefix chooses between production and
// staging.
const DefaultBaseURL = "https://api.beltic.com/v1"

// The limits that hold where no option says otherwise, and those that have no option.
const (
	defaultMaxRetries = 2
	defaultTimeout    = 30 * time.Second
	defaultMaxBody    = 8 << 20
	idleTimeout       = 10 * time.Second
	maxErrorBody      = 64 << 10
	defaultMaxItems   = 1000
	defaultPageSize   = 15      // the API's
	maxKey            = 4 << 10 // bytes
)

const defaultUserAgent = "beltic-go/0.1.0" // the version that CHANGELOG.md calls unreleased

// Client calls the Beltic API. Make one with [NewClient] or [NewClientFromEnv] and keep it: it is
// safe for concurrent use, and holds the connections, the retry budget and the rate limit that its
// calls share. It cannot print its key.
type Client struct {
	// Sessions lists identity sessions.
	Sessions *SessionsService

	base *url.URL
	send transport.Handler
	http *http.Client
}

// Option changes a [Client] while it is made.
type Option func(*config) error

type config struct {
	key        func() (string, error) // nil is the key of NewClient
	baseURL    string
	httpClient *http.Client
	maxRetries int
	timeout    time.Duration
	userAgent  string
	logger     *slog.Logger
	maxBody    int64
	perSecond  float64
	burst      int
}

// NewClient makes a client that authenticates with apiKey. It does no network and reads no
// environment. It fails with a [*ConfigError] if the key cannot be a header value (empty, blank,
// control characters, white space around it) or an option is out of range. A nil option is skipped.
// With [WithKeyFunc] apiKey is not looked at.
func NewClient(apiKey string, opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return c.client(apiKey)
}

func newConfig(opts []Option) (config, error) {
	c := config{
		baseURL:    DefaultBaseURL,
		maxRetries: defaultMaxRetries,
		timeout:    defaultTimeout,
		userAgent:  defaultUserAgent,
		maxBody:    defaultMaxBody,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// NewClientFromEnv is [NewClient] with the key in BELTIC_API_KEY and, if it is set, the base URL in
// BELTIC_BASE_URL. Options win over the environment; with [WithKeyFunc] no key needs to be there.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	if base := os.Getenv("BELTIC_BASE_URL"); base != "" {
		opts = append([]Option{WithBaseURL(base)}, opts...)
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	key := os.Getenv("BELTIC_API_KEY")
	if key == "" && c.key == nil {
		return nil, &ConfigError{Field: "BELTIC_API_KEY", Problem: "is not set; get a key at https://console.beltic.com/"}
	}
	return c.client(key)
}

func (c config) client(apiKey string) (*Client, error) {
	key := c.key
	if key == nil {
		if err := checkKey(apiKey); err != nil {
			return nil, err
		}
		key = func() (string, error) { return apiKey, nil } // what prints or walks the client finds no text behind it
	}
	base, err := parseBaseURL(c.baseURL)
	if err != nil {
		return nil, err
	}
	httpClient := c.httpClient
	if httpClient == nil {
		httpClient = transport.NewHTTPClient()
	}
	client := &Client{base: base, http: httpClient}
	client.send = transport.New(transport.Config{
		Client:       httpClient,
		Origin:       base,
		Key:          key,
		UserAgent:    c.userAgent,
		Logger:       c.logger,
		PerSecond:    c.perSecond,
		Burst:        c.burst,
		MaxRetries:   c.maxRetries,
		Timeout:      c.timeout,
		IdleTimeout:  idleTimeout,
		MaxBody:      c.maxBody,
		MaxErrorBody: maxErrorBody,
	})
	client.Sessions = &SessionsService{client: client}
	return client, nil
}

// WithBaseURL replaces [DefaultBaseURL]. A path prefix is kept. The URL must be https (http only to
// a loopback address) and without user information, query and fragment.
func WithBaseURL(base string) Option {
	return func(c *config) error {
		c.baseURL = base
		return nil
	}
}

// WithKeyFunc asks f for the API key before every attempt, so that a service can rotate its keys
// without a restart; the key that was given to [NewClient] is not used then. Calls on several
// goroutines ask f at once. The time that f takes counts against [WithTimeout] but f cannot be
// interrupted: it should return a key that is at hand, not fetch one.
//
// Where NewClient would refuse the key, the call ends with the same [*ConfigError]: nothing is sent
// and f is not asked again. Nor is it where the API refuses the key ([ErrUnauthorized]), until the
// next call. A nil f is a ConfigError.
func WithKeyFunc(f func() string) Option {
	return func(c *config) error {
		if f == nil {
			return &ConfigError{Field: "key function", Problem: "is nil"}
		}
		c.key = func() (string, error) {
			key := f()
			return key, checkKey(key)
		}
		return nil
	}
}

// WithHTTPClient sends through a copy of client, which is itself never changed; redirects are
// refused all the same. Its transport brings its own limits on connections, handshakes and response
// headers. Nil means the library's own client.
//
// An error that the transport makes by itself is in the text of the [*TransportError], and both
// [errors.Is] and [errors.As] find it. The text of one that comes from net/http, or wraps one that
// does, is not shown: it may hold filters, cursors or what the server wrote.
//
// A transport that follows redirects by itself, such as one that wraps another [http.Client] or,
// under GOOS=js, wraps a browser's fetch, has taken the key along to where it was sent: its answer
// is refused with a [*RedirectError], but the key is out. So is the answer of a transport that
// rewrites the URL and leaves the rewritten request in the response.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			c.httpClient = nil
			return nil
		}
		if isNil(client.Transport) {
			return &ConfigError{Field: "http client", Problem: "has a transport that is a nil value in an interface"}
		}
		if client.Timeout < 0 {
			return &ConfigError{Field: "http client", Problem: "has a negative timeout"}
		}
		c.httpClient = transport.CopyHTTPClient(client)
		return nil
	}
}

// maxMaxRetries bounds how long one call can go on against a server that is down: 100 waits of at
// most 8 s, or of what the server asks for.
const maxMaxRetries = 100

// WithMaxRetries says how often a failed call is tried again: 2 without this option, up to 100. 0 is
// never. Whatever the number, all calls of a client share a budget: in any ten seconds they are
// retried no more often than a fifth of the calls, and three times a second beside. A wait that the
// server asked for (Retry-After) is not charged.
func WithMaxRetries(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return &ConfigError{Field: "max retries", Problem: "is negative"}
		}
		if n > maxMaxRetries {
			return &ConfigError{Field: "max retries", Problem: "is more than 100"}
		}
		c.maxRetries = n
		return nil
	}
}

// WithTimeout bounds one attempt of a call, from the dial to the last byte of the answer: 30 s
// without this option. 0 is that default too, not "at once" and not "never". To bound a whole call with its retries, give it a context
// with a deadline.
//
// A wait for [WithRateLimit] is no part of the attempt. A rate limiter in a transport of your own
// (see [WithHTTPClient]) is: what it waits for counts against d.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return &ConfigError{Field: "timeout", Problem: "is negative"}
		}
		c.timeout = orDefault(d, defaultTimeout)
		return nil
	}
}

// WithRateLimit lets at most perSecond attempts a second start, over time, and up to burst of them
// at once; without this option there is no limit. All calls of the client share it, on however many
// goroutines, and get their turns in the order in which they ask. Retries count, because the server
// counts them too. What the API's own limits are is undocumented.
//
// The wait is part neither of what [WithTimeout] bounds nor of the duration that is logged. It ends
// when the context does. A wait that would not end before the context's deadline is not begun: the
// call fails at once with a [*TransportError] of [KindRateLimit] or, if an earlier attempt got a
// response, with its [*APIError]. Both match [context.DeadlineExceeded]. A rate limiter in a
// transport of your own counts against WithTimeout instead.
//
// Both must be positive: any finite rate above 0, such as 0.5 for one attempt in two seconds, and a
// burst of at least 1.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) error {
		if !(perSecond > 0) || math.IsInf(perSecond, 1) { // NaN is not above 0
			return &ConfigError{Field: "rate limit", Problem: "is not a finite number of attempts a second above 0"}
		}
		if burst < 1 {
			return &ConfigError{Field: "rate limit", Problem: "has a burst of less than 1"}
		}
		c.perSecond, c.burst = perSecond, burst
		return nil
	}
}

// WithUserAgent puts the name of your program, such as "my-service/1.2", in front of the library's
// own in User-Agent.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if problem := headerProblem(product); problem != "" {
			return &ConfigError{Field: "user agent", Problem: problem}
		}
		c.userAgent = product + " " + defaultUserAgent
		return nil
	}
}

// WithLogger writes one line for each attempt: method, route template, attempt, duration, and
// status and request id or the kind of failure; never a URL, header or body. An attempt that failed
// is a warning, any other is at debug level. Nil, the default, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.logger = logger
		return nil
	}
}

// WithMaxResponseBytes bounds the body of one answer after decompression: 8 MiB without this
// option. 0 is that default too, not "nothing" and not "no bound".
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n < 0 {
			return &ConfigError{Field: "max response bytes", Problem: "is negative"}
		}
		c.maxBody = orDefault(n, defaultMaxBody)
		return nil
	}
}

// CloseIdleConnections closes the connections that no call is using. The client stays usable.
func (c *Client) CloseIdleConnections() {
	if c != nil && c.http != nil {
		c.http.CloseIdleConnections()
	}
}

// get sends one GET below the base URL and returns the answer if it is a 200.
func (c *Client) get(ctx context.Context, route string, query url.Values) (*transport.Response, error) {
	target := c.base.JoinPath(route)
	target.RawQuery = query.Encode()
	resp := c.send(ctx, &transport.Request{Method: http.MethodGet, Route: route, URL: target})
	switch {
	case resp.Failure != nil:
		return nil, c.failure(resp)
	case resp.StatusCode >= 400:
		return nil, newAPIError(resp)
	case resp.StatusCode != http.StatusOK:
		return nil, &ProtocolError{Reason: "status " + strconv.Itoa(resp.StatusCode) + " instead of 200"}
	}
	return resp, nil
}

func checkKey(key string) error {
	problem := headerProblem(key)
	switch {
	case key == "":
		problem = "is empty; get one at https://console.beltic.com/"
	case strings.TrimSpace(key) == "":
		problem = "is blank"
	case len(key) > maxKey:
		problem = "is too long"
	}
	if problem != "" {
		return &ConfigError{Field: "api key", Problem: problem}
	}
	return nil
}

// headerProblem says why a text is not fit to be a header value, or "".
func headerProblem(value string) string {
	switch {
	case strings.TrimSpace(value) != value:
		return "has white space around it (was it read from a file?)"
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has a control character in it"
	case strings.ContainsFunc(value, func(r rune) bool { return r > '~' }):
		return "has a character in it that is not ASCII"
	case value == "":
		return "is empty"
	default:
		return ""
	}
}

// parseBaseURL never passes on the error of [url.Parse], which quotes the URL with its password.
func parseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	problem := ""
	switch {
	case text == "":
		problem = "is empty"
	case strings.TrimSpace(text) != text:
		problem = "has white space around it (was it read from a file?)"
	case err != nil:
		problem = "is not a URL"
	case base.Scheme != "https" && base.Scheme != "http":
		problem = "must start with https://"
	case base.Hostname() == "":
		problem = "has no host"
	case strings.HasSuffix(base.Host, ":"), base.Port() != "" && !isPort(base.Port()):
		problem = "has a port that cannot be"
	case base.User != nil:
		problem = "has user information in it"
	case base.RawQuery != "" || base.ForceQuery:
		problem = "has a query"
	case base.Fragment != "" || strings.Contains(text, "#"):
		problem = "has a fragment"
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		problem = "must be https: http would send the API key in the clear"
	}
	if problem != "" {
		return nil, &ConfigError{Field: "base URL", Problem: problem}
	}
	if base.Path == "" {
		base.Path = "/" // what is joined to it begins with a slash
	}
	return base, nil
}

// isNil reports a nil pointer, function or the like in a transport, which net/http would call.
func isNil(transport http.RoundTripper) bool {
	v := reflect.ValueOf(transport)
	switch v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}

func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// isLoopback knows the addresses, with and without a zone, and the names that RFC 6761 keeps for
// them.
func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

func orDefault[N int64 | time.Duration](n, fallback N) N {
	if n == 0 {
		return fallback
	}
	return n
}
