package beltictest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/belticlabs/beltic-go"
)

// scrubRule says what of one place in an answer may reach the disk. Null and booleans stay; what is
// not named is replaced, or dropped with its name. An array has the rule of its elements.
type scrubRule struct {
	members map[string]*scrubRule                 // of an object; others are dropped
	text    func(s *scrubber, text string) string // nil replaces every text
	number  bool                                  // numbers stay
}

var (
	scrubFree    = &scrubRule{}
	scrubNumber  = &scrubRule{number: true}
	scrubCount   = &scrubRule{number: true, text: (*scrubber).count}
	scrubInstant = &scrubRule{text: (*scrubber).instant}
	scrubHref    = &scrubRule{text: (*scrubber).link}
	scrubLink    = &scrubRule{text: (*scrubber).link, members: map[string]*scrubRule{"href": scrubHref}}
	scrubType    = scrubOneOf("session", "account", "business", "document", "session_device", "verification")
)

// scrubAnswer is the allow-list: the shape of the models, and of the known errors.
var scrubAnswer = func() *scrubRule {
	page := scrubRuleOf(reflect.TypeFor[beltic.Page[beltic.Session]](), "")
	for name := range page.members["links"].members {
		page.members["links"].members[name] = scrubLink
	}
	problem := scrubRuleOf(reflect.TypeFor[beltic.ErrorObject](), "")
	problem.members["status"] = scrubCount
	for _, name := range []string{"message", "details", "error_code", "error_message", "request_id", "instance", "type"} {
		problem.members[name] = scrubFree
	}
	answer := &scrubRule{members: map[string]*scrubRule{"error": problem, "errors": problem}}
	maps.Copy(answer.members, problem.members)
	maps.Copy(answer.members, page.members)
	return answer
}()

// scrubQuery are the documented query parameters.
var scrubQuery = map[string]*scrubRule{
	"page[size]": scrubCount, "page[total]": scrubOneOf("true", "false"), "page[after]": scrubFree, "page[before]": scrubFree,
	"status":          scrubRuleOf(reflect.TypeFor[beltic.SessionStatus](), ""),
	"entity_type":     scrubRuleOf(reflect.TypeFor[beltic.EntityType](), ""),
	"filter[account]": scrubFree, "filter[session_device]": scrubFree,
}

// scrubHeaders are the response headers that are kept; a request header never is.
var scrubHeaders = map[string]func(s *scrubber, value string) string{
	"Content-Type": (*scrubber).mediaType, "Date": (*scrubber).httpDate, "Retry-After": (*scrubber).retryAfter,
	"X-Request-Id": (*scrubber).pseudonym, "Request-Id": (*scrubber).pseudonym, "X-Amzn-Requestid": (*scrubber).pseudonym,
	"X-Correlation-Id": (*scrubber).pseudonym, "Cf-Ray": (*scrubber).pseudonym,
}

var (
	scrubRoute      = []string{"v1", "identity", "sessions", "accounts", "verifications", "decline"}
	scrubMediaTypes = []string{"application/json", "application/vnd.api+json", "application/problem+json", "text/html", "text/plain"}
	scrubMethods    = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	scrubEnvelope   = []string{"request", "response", "method", "path", "query", "status", "header", "body", "text",
		scrubbedText, scrubbedHTML}
)

const (
	scrubHost    = "example.com" // stands for the server and for the domain of every e-mail address
	scrubbedText = "This body was not JSON, so it was not recorded."
	scrubbedHTML = "<html><body>" + scrubbedText + "</body></html>"
)

// scrubFixed takes off what the scrubber itself puts into links, paths and e-mail addresses.
var scrubFixed = func() *strings.Replacer {
	fixed := []string{scrubHost, ""}
	for _, segment := range scrubRoute {
		fixed = append(fixed, "/"+segment, "/")
	}
	for name := range scrubQuery {
		fixed = append(fixed, url.QueryEscape(name)+"=", "=")
	}
	return strings.NewReplacer(fixed...)
}()

// scrubRuleOf derives the rule of a model. A type that it does not know is replaced or dropped.
func scrubRuleOf(t reflect.Type, name string) *scrubRule {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return scrubInstant
	case t == reflect.TypeFor[beltic.Optional[float64]](), t == reflect.TypeFor[beltic.Optional[int]]():
		return scrubNumber
	case t.Implements(reflect.TypeFor[interface{ Known() bool }]()):
		return scrubIf(func(text string) bool {
			return reflect.ValueOf(text).Convert(t).Interface().(interface{ Known() bool }).Known()
		})
	case name == "type":
		return scrubType
	case t.Kind() == reflect.Slice:
		return scrubRuleOf(t.Elem(), name)
	case t.Kind() != reflect.Struct:
		return scrubFree
	}
	members := map[string]*scrubRule{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			members[name] = scrubRuleOf(field.Type, name)
		}
	}
	return &scrubRule{members: members}
}

func scrubIf(keep func(string) bool) *scrubRule {
	return &scrubRule{text: func(s *scrubber, text string) string { return s.keepIf(keep(text), text) }}
}

func scrubOneOf(texts ...string) *scrubRule {
	return scrubIf(func(text string) bool { return slices.Contains(texts, text) })
}

// scrubber makes one recording fit to be stored. It is not safe for concurrent use.
type scrubber struct {
	secret     []byte // never stored: without it no pseudonym leads back
	offset     time.Duration
	words      map[string]bool              // that the shape itself is made of
	pseudonyms map[[sha256.Size]byte]string // by the keyed hash of the original
	made       map[string]bool              // pseudonyms, and what was put together from them

	originals scrubOriginals  // of the exchange at hand: what must not reach the disk
	kept      map[string]bool // of the exchange at hand

	replaced, dropped int
}

func newScrubber() *scrubber {
	s := &scrubber{
		secret:     make([]byte, sha256.Size),
		words:      map[string]bool{"https": true, "example": true, "com": true},
		pseudonyms: map[[sha256.Size]byte]string{},
		made:       map[string]bool{},
		originals:  scrubOriginals{},
		kept:       map[string]bool{},
	}
	rand.Read(s.secret)
	const year = 365 * 24 * time.Hour
	s.offset = -(year + mathrand.N(4*year)).Truncate(time.Second)
	s.learn(&scrubRule{members: scrubQuery})
	s.learn(scrubAnswer)
	headers := slices.Collect(maps.Keys(scrubHeaders))
	for _, word := range slices.Concat(scrubRoute, scrubMediaTypes, scrubMethods, scrubEnvelope, headers) {
		s.words[word] = true
	}
	return s
}

func (s *scrubber) learn(rule *scrubRule) {
	for name, member := range rule.members {
		s.words[name] = true
		s.learn(member)
	}
}

func (s *scrubber) exchange(req *http.Request, resp *http.Response, body []byte) (*recordedExchange, error) {
	isJSON := jsontext.Value(body).IsValid(recordLenient)
	clear(s.originals)
	clear(s.kept)
	s.collect(req, resp, body, isJSON)
	e := &recordedExchange{
		Request:  recordedRequest{Method: req.Method, Path: s.path(req.URL), Query: s.query(req.URL.Query())},
		Response: recordedResponse{Status: resp.StatusCode, Header: s.header(resp.Header)},
	}
	var err error
	switch {
	case len(body) == 0:
	case isJSON:
		e.Response.Body, err = s.body(body)
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		e.Response.Text = scrubbedHTML
	default:
		e.Response.Text = scrubbedText
	}
	return e, err
}

// collect finds the originals before the first pseudonym is drawn, so that none looks like one of
// them.
func (s *scrubber) collect(req *http.Request, resp *http.Response, body []byte, isJSON bool) {
	s.original(strings.Split(req.URL.Path, "/")...)
	for _, texts := range []map[string][]string{resp.Header, req.URL.Query()} {
		s.original(slices.Concat(slices.Collect(maps.Values(texts))...)...)
	}
	if !isJSON {
		return
	}
	_ = scrubTokens(body, func(token jsontext.Token) error { // it has no failure: the body is valid
		if token.Kind() == '"' {
			text := token.String()
			s.original(text)
			if _, query, ok := strings.Cut(text, "?"); ok {
				values, _ := url.ParseQuery(query)
				s.original(slices.Concat(slices.Collect(maps.Values(values))...)...)
			}
		}
		return nil
	})
}

func (s *scrubber) body(body []byte) (jsontext.Value, error) {
	var out bytes.Buffer
	err := s.value(jsontext.NewDecoder(bytes.NewReader(body), recordLenient), jsontext.NewEncoder(&out, recordLenient), scrubAnswer)
	return jsontext.Value(bytes.TrimSpace(out.Bytes())), err
}

func (s *scrubber) value(dec *jsontext.Decoder, enc *jsontext.Encoder, rule *scrubRule) error {
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '"':
		return enc.WriteToken(jsontext.String(s.text(rule, token.String())))
	case '0':
		if !rule.number {
			return enc.WriteValue(jsontext.Value(s.number(token.String())))
		}
	case '{':
		return s.inside(dec, enc, jsontext.BeginObject, jsontext.EndObject, func() error { return s.member(dec, enc, rule) })
	case '[':
		return s.inside(dec, enc, jsontext.BeginArray, jsontext.EndArray, func() error { return s.value(dec, enc, rule) })
	}
	return enc.WriteToken(token)
}

func (*scrubber) inside(dec *jsontext.Decoder, enc *jsontext.Encoder, begin, end jsontext.Token, next func() error) error {
	if err := enc.WriteToken(begin); err != nil {
		return err
	}
	for dec.PeekKind() != end.Kind() {
		if err := next(); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	return enc.WriteToken(end)
}

func (s *scrubber) member(dec *jsontext.Decoder, enc *jsontext.Encoder, rule *scrubRule) error {
	name, err := dec.ReadToken()
	if err != nil {
		return err
	}
	member := rule.members[name.String()]
	if member == nil {
		s.dropped++
		return dec.SkipValue()
	}
	if err := enc.WriteToken(name); err != nil {
		return err
	}
	return s.value(dec, enc, member)
}

func scrubTokens(value []byte, visit func(jsontext.Token) error) error {
	dec := jsontext.NewDecoder(bytes.NewReader(value), recordLenient)
	for {
		token, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(token)
		}
		if err != nil {
			return err
		}
	}
}

func (s *scrubber) text(rule *scrubRule, text string) string {
	if rule.text == nil {
		return s.pseudonym(text)
	}
	return rule.text(s, text)
}

// number replaces a number that stands where a text is documented, such as an identity number.
func (s *scrubber) number(literal string) string {
	digits := strings.Join(strings.FieldsFunc(literal, func(r rune) bool { return r < '0' || r > '9' }), "")
	s.original(digits)
	return s.pseudonym(digits)
}

func (s *scrubber) keep(text string) string {
	s.kept[text] = true
	return text
}

func (s *scrubber) keepIf(ok bool, text string) string {
	if ok {
		return s.keep(text)
	}
	return s.pseudonym(text)
}

func (s *scrubber) count(text string) string { return s.keepIf(scrubShortNumber(text, 6), text) }

func scrubShortNumber(text string, maxLen int) bool {
	return text != "" && len(text) <= maxLen && strings.Trim(text, "0123456789") == ""
}

// instant moves a timestamp by the offset of the recording. The time zone is not kept: it tells
// where someone was.
func (s *scrubber) instant(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return s.pseudonym(text)
	}
	if t = t.UTC().Add(s.offset); t.Year() < 1 {
		t = time.Time{}
	}
	_, fraction, _ := strings.Cut(text, ".")
	digits := len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
	layout := "2006-01-02T15:04:05"
	if digits > 0 {
		layout += "." + strings.Repeat("0", min(digits, 9))
	}
	return s.keep(t.Format(layout + "Z"))
}

// link rebuilds a URL from what is documented of it. A parameter that is not is dropped.
func (s *scrubber) link(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Path == "" {
		return s.pseudonym(text)
	}
	link := s.path(u)
	if u.Host != "" {
		link = "https://" + scrubHost + link
	}
	if query := s.query(u.Query()); len(query) > 0 {
		link += "?" + query.Encode()
	}
	s.made[link] = true
	return link
}

// path keeps the route, and replaces ids.
func (s *scrubber) path(u *url.URL) string {
	path := recordedPath(u, func(segment string) string {
		if slices.Contains(scrubRoute, segment) {
			return segment
		}
		return s.pseudonym(segment)
	})
	s.made[path] = true
	return path
}

func (s *scrubber) query(query url.Values) url.Values {
	scrubbed := url.Values{}
	for name, values := range query {
		rule := scrubQuery[name]
		if rule == nil {
			s.dropped++
			continue
		}
		for _, value := range values {
			scrubbed.Add(name, s.text(rule, value))
		}
	}
	return scrubbed
}

func (s *scrubber) header(header http.Header) http.Header {
	scrubbed := http.Header{}
	for name, scrub := range scrubHeaders {
		for _, value := range header.Values(name) {
			if value = scrub(s, value); value != "" {
				scrubbed.Add(name, value)
			}
		}
	}
	return scrubbed
}

func (s *scrubber) mediaType(value string) string {
	media, _, _ := mime.ParseMediaType(value)
	if !slices.Contains(scrubMediaTypes, media) {
		return ""
	}
	return media
}

func (s *scrubber) httpDate(value string) string {
	t, err := http.ParseTime(value)
	if err != nil {
		return ""
	}
	return s.keep(t.UTC().Add(s.offset).Format(http.TimeFormat))
}

func (s *scrubber) retryAfter(value string) string {
	if scrubShortNumber(value, 6) {
		return s.keep(value)
	}
	return s.httpDate(value)
}

// original notes what must not reach the disk, unless it is made of nothing but words of the shape,
// as some routes are.
func (s *scrubber) original(texts ...string) {
	isSeparator := func(r rune) bool { return strings.ContainsRune(" /[]?&=:.", r) }
	isWord := func(part string) bool { return s.words[part] || beltic.SessionStatus(part).Known() }
	isTelling := func(part string) bool { return !isWord(part) && !scrubShortNumber(part, 3) }
	for _, text := range texts {
		parts := strings.FieldsFunc(text, isSeparator)
		if len(parts) > 0 && (!isWord(parts[0]) || slices.ContainsFunc(parts, isTelling)) {
			s.originals.add(text)
		}
	}
}

// pseudonym replaces a text by one of the same shape: the same for the same text, another one for
// another text, so that ids and cursors keep their meaning. Lengths and ASCII punctuation survive.
func (s *scrubber) pseudonym(text string) string {
	s.replaced++
	if strings.IndexFunc(text, scrubReplaced) < 0 {
		return s.keep(text)
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(text))
	key := [sha256.Size]byte(mac.Sum(nil))
	made, ok := s.pseudonyms[key]
	if !ok {
		made = s.draw(text, mathrand.New(mathrand.NewChaCha8(key)))
		s.pseudonyms[key], s.made[made] = made, true
	}
	return made
}

// draw tries until the pseudonym is new. Where the shape has too few, the pseudonym grows.
func (s *scrubber) draw(text string, random *mathrand.Rand) string {
	const triesPerLength, maxTries = 32, 1024
	local, isEmail := scrubEmail(text)
	_, err := time.Parse(time.DateOnly, text)
	isDate := err == nil
	for try := 0; ; try++ {
		body := scrubShape(local+strings.Repeat("0", try/triesPerLength), random)
		made := body
		switch {
		case isEmail:
			made += "@" + scrubHost
		case isDate:
			// Older than anyone alive, so that no answer to come holds it as an original.
			made = time.Date(1900, time.January, 1+random.IntN(7300), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			body = made
		}
		if made != text && (try > maxTries || !s.made[made] && !s.originals.in(body, 4)) {
			return made
		}
	}
}

func scrubEmail(text string) (local string, ok bool) {
	local, domain, found := strings.Cut(text, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(text, " \t\r\n") || strings.Contains(domain, "@") {
		return text, false
	}
	return local, true
}

func scrubReplaced(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= utf8.RuneSelf
}

// scrubShape has no vowels and no zero, so that it spells no name and is a number where it has
// digits only. Hexadecimal stays so.
func scrubShape(text string, random *mathrand.Rand) string {
	letters := "bcdfghjklmnpqrstvwxz"
	if len(text) >= 8 && strings.Trim(text, "0123456789abcdefABCDEF-") == "" && strings.ContainsAny(text, "0123456789") {
		letters = "abcdef"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !scrubReplaced(r):
			return r
		case r <= '9':
			return rune('1' + random.IntN(9))
		case r <= 'Z':
			return rune(letters[random.IntN(len(letters))] - 'a' + 'A')
		case r <= 'z':
			return rune(letters[random.IntN(len(letters))])
		case utf8.RuneLen(r) == 2:
			return []rune("äëîöúçñß")[random.IntN(8)]
		default:
			return []rune("山川木田石花雨雪")[random.IntN(8)]
		}
	}, text)
}

// check is the gate in front of the disk. It trusts nothing above: every text of the file must be a
// word of the shape, made up or kept on purpose, and no made-up text may contain an original.
func (s *scrubber) check(file []byte, secrets []string) error {
	lower := strings.ToLower(string(file))
	for _, secret := range secrets {
		if secret != "" && strings.Contains(lower, strings.ToLower(secret)) {
			return recordError(ErrNotScrubbed, "the key or the host is still in it")
		}
	}
	return scrubTokens(file, func(token jsontext.Token) error {
		text := token.String()
		isBad := token.Kind() == '"' && !s.passes(text) || token.Kind() == '0' && s.originals.in(text, 8)
		if isBad {
			return recordError(ErrNotScrubbed, "a text of the answer is still in it")
		}
		return nil
	})
}

// passes looks for originals of eight bytes and more: shorter ones turn up by chance.
func (s *scrubber) passes(text string) bool {
	if s.words[text] || s.kept[text] {
		return true
	}
	rest := scrubFixed.Replace(text)
	unescaped, _ := url.QueryUnescape(rest) // an original may have been escaped
	return s.made[text] && !s.originals.in(rest, 8) && !s.originals.in(unescaped, 8)
}

// scrubOriginals are the texts of an answer, by their first four bytes.
type scrubOriginals map[string]map[string]bool

func (o scrubOriginals) add(text string) {
	if len(text) < 4 {
		return
	}
	if o[text[:4]] == nil {
		o[text[:4]] = map[string]bool{}
	}
	o[text[:4]][text] = true
}

// in reports whether a text contains an original of at least minLen bytes.
func (o scrubOriginals) in(text string, minLen int) bool {
	for i := range max(0, len(text)-3) {
		for original := range o[text[i:i+4]] {
			if len(original) >= minLen && strings.HasPrefix(text[i:], original) {
				return true
			}
		}
	}
	return false
}
