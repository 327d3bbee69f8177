package recording

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

// rule says what of one place in a response may reach the disk. Null and booleans stay; what is
// not named is replaced, or dropped with its name. An array has the rule of its elements.
type rule struct {
	members map[string]*rule                      // of an object; others are dropped
	text    func(s *scrubber, text string) string // nil replaces every text
	number  bool                                  // numbers stay
}

var (
	freeText    = &rule{}
	plainNumber = &rule{number: true}
	shortNumber = &rule{number: true, text: (*scrubber).count}
	timestamp   = &rule{text: (*scrubber).instant}
	href        = &rule{text: (*scrubber).link}
	link        = &rule{text: (*scrubber).link, members: map[string]*rule{"href": href}}
	recordType  = oneOf("session", "account", "business", "document", "session_device", "verification")
)

// bodyRules are the allow-list: for each collection of the API the shape of its model, and in each
// of them the known errors.
var bodyRules = map[string]*rule{
	"sessions": bodyRule(reflect.TypeFor[beltic.Page[beltic.Session]]()),
	"accounts": bodyRule(reflect.TypeFor[beltic.Page[beltic.Account]]()),
}

// bodyRule is that of a page of records, and so of one record: an object has the rule of its array.
func bodyRule(model reflect.Type) *rule {
	page := ruleOf(model, "")
	for name := range page.members["links"].members {
		page.members["links"].members[name] = link
	}
	problem := ruleOf(reflect.TypeFor[beltic.ErrorObject](), "")
	problem.members["status"] = shortNumber
	for _, name := range []string{"message", "details", "error_code", "error_message", "request_id", "instance", "type"} {
		problem.members[name] = freeText
	}
	body := &rule{members: map[string]*rule{"error": problem, "errors": problem}}
	maps.Copy(body.members, problem.members)
	maps.Copy(body.members, page.members)
	return body
}

// bodyRuleOf is the rule for the response to a request. What is at paths that the library does not
// know has the shape of sessions or is dropped.
func bodyRuleOf(u *url.URL) *rule {
	for segment := range strings.SplitSeq(pathOf(u, strings.Clone), "/") {
		if r := bodyRules[segment]; r != nil {
			return r
		}
	}
	return bodyRules["sessions"]
}

// queryRules are the documented query parameters.
var queryRules = map[string]*rule{
	"page[size]": shortNumber, "page[total]": oneOf("true", "false"), "page[after]": freeText, "page[before]": freeText,
	"status":          ruleOf(reflect.TypeFor[beltic.SessionStatus](), ""),
	"entity_type":     ruleOf(reflect.TypeFor[beltic.EntityType](), ""),
	"filter[account]": freeText, "filter[session_device]": freeText,
}

// headerRules are the response headers that are kept; a request header never is.
var headerRules = map[string]func(s *scrubber, value string) string{
	"Content-Type": (*scrubber).mediaType, "Date": (*scrubber).httpDate, "Retry-After": (*scrubber).retryAfter,
	"X-Request-Id": (*scrubber).pseudonym, "Request-Id": (*scrubber).pseudonym, "X-Amzn-Requestid": (*scrubber).pseudonym,
	"X-Correlation-Id": (*scrubber).pseudonym, "Cf-Ray": (*scrubber).pseudonym,
}

var (
	routeWords = []string{"v1", "identity", "sessions", "accounts", "verifications", "decline"}
	mediaTypes = []string{"application/json", "application/vnd.api+json", "application/problem+json", "text/html", "text/plain"}
	methods    = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	fileWords  = []string{"request", "response", "method", "path", "query", "status", "header", "body", "text",
		scrubbedText, scrubbedHTML}
)

const (
	madeUpHost   = "example.com" // stands for the server and for the domain of every e-mail address
	scrubbedText = "This body was not JSON, so it was not recorded."
	scrubbedHTML = "<html><body>" + scrubbedText + "</body></html>"
)

// fixedTexts takes off what the scrubber itself puts into links, paths and e-mail addresses.
var fixedTexts = func() *strings.Replacer {
	fixed := []string{madeUpHost, ""}
	for _, segment := range routeWords {
		fixed = append(fixed, "/"+segment, "/")
	}
	for name := range queryRules {
		fixed = append(fixed, url.QueryEscape(name)+"=", "=")
	}
	return strings.NewReplacer(fixed...)
}()

// ruleOf derives the rule of a model. A type that it does not know is replaced or dropped.
func ruleOf(t reflect.Type, name string) *rule {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return timestamp
	case t == reflect.TypeFor[beltic.Optional[float64]](), t == reflect.TypeFor[beltic.Optional[int]]():
		return plainNumber
	case t.Implements(reflect.TypeFor[interface{ Known() bool }]()):
		return keepIf(func(text string) bool {
			return reflect.ValueOf(text).Convert(t).Interface().(interface{ Known() bool }).Known()
		})
	case name == "type":
		return recordType
	case t.Kind() == reflect.Slice:
		return ruleOf(t.Elem(), name)
	case t.Kind() != reflect.Struct:
		return freeText
	}
	members := map[string]*rule{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			members[name] = ruleOf(field.Type, name)
		}
	}
	return &rule{members: members}
}

func keepIf(keep func(string) bool) *rule {
	return &rule{text: func(s *scrubber, text string) string { return s.keepIf(keep(text), text) }}
}

func oneOf(texts ...string) *rule {
	return keepIf(func(text string) bool { return slices.Contains(texts, text) })
}

// scrubber makes one recording fit to be stored. It is not safe for concurrent use.
type scrubber struct {
	secret     []byte // never stored: without it no pseudonym leads back
	offset     time.Duration
	words      map[string]bool              // that the shape itself is made of
	pseudonyms map[[sha256.Size]byte]string // by the keyed hash of the original
	made       map[string]bool              // pseudonyms, and what was put together from them

	originals originals       // of the exchange at hand: what must not reach the disk
	kept      map[string]bool // of the exchange at hand

	replaced, dropped int
}

func newScrubber() *scrubber {
	s := &scrubber{
		secret:     make([]byte, sha256.Size),
		words:      map[string]bool{"https": true, "example": true, "com": true},
		pseudonyms: map[[sha256.Size]byte]string{},
		made:       map[string]bool{},
		originals:  originals{},
		kept:       map[string]bool{},
	}
	rand.Read(s.secret)
	const year = 365 * 24 * time.Hour
	s.offset = -(year + mathrand.N(4*year)).Truncate(time.Second)
	s.learn(&rule{members: queryRules})
	for _, r := range bodyRules {
		s.learn(r)
	}
	headers := slices.Collect(maps.Keys(headerRules))
	for _, word := range slices.Concat(routeWords, mediaTypes, methods, fileWords, headers) {
		s.words[word] = true
	}
	return s
}

func (s *scrubber) learn(rule *rule) {
	for name, member := range rule.members {
		s.words[name] = true
		s.learn(member)
	}
}

// scrub is the exchange that may be stored.
func (s *scrubber) scrub(req *http.Request, resp *http.Response, body []byte) (*exchange, error) {
	isJSON := jsontext.Value(body).IsValid(lenient)
	clear(s.originals)
	clear(s.kept)
	s.collect(req, resp, body, isJSON)
	e := &exchange{
		Request:  request{Method: req.Method, Path: s.path(req.URL), Query: s.query(req.URL.Query())},
		Response: response{Status: resp.StatusCode, Header: s.header(resp.Header)},
	}
	var err error
	switch {
	case len(body) == 0:
	case isJSON:
		e.Response.Body, err = s.body(body, bodyRuleOf(req.URL))
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
	_ = eachToken(body, func(token jsontext.Token) error { // it has no failure: the body is valid
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

func (s *scrubber) body(body []byte, rule *rule) (jsontext.Value, error) {
	var out bytes.Buffer
	err := s.value(jsontext.NewDecoder(bytes.NewReader(body), lenient), jsontext.NewEncoder(&out, lenient), rule)
	return jsontext.Value(bytes.TrimSpace(out.Bytes())), err
}

func (s *scrubber) value(dec *jsontext.Decoder, enc *jsontext.Encoder, rule *rule) error {
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

func (s *scrubber) member(dec *jsontext.Decoder, enc *jsontext.Encoder, rule *rule) error {
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

func eachToken(value []byte, visit func(jsontext.Token) error) error {
	dec := jsontext.NewDecoder(bytes.NewReader(value), lenient)
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

func (s *scrubber) text(rule *rule, text string) string {
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

func (s *scrubber) count(text string) string { return s.keepIf(isShortNumber(text, 6), text) }

func isShortNumber(text string, maxLen int) bool {
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
		link = "https://" + madeUpHost + link
	}
	if query := s.query(u.Query()); len(query) > 0 {
		link += "?" + query.Encode()
	}
	s.made[link] = true
	return link
}

// path keeps the route, and replaces ids.
func (s *scrubber) path(u *url.URL) string {
	path := pathOf(u, func(segment string) string {
		if slices.Contains(routeWords, segment) {
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
		rule := queryRules[name]
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
	for name, scrub := range headerRules {
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
	if !slices.Contains(mediaTypes, media) {
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
	if isShortNumber(value, 6) {
		return s.keep(value)
	}
	return s.httpDate(value)
}

// original notes what must not reach the disk, unless it is made of nothing but words of the shape,
// as some routes are.
func (s *scrubber) original(texts ...string) {
	isSeparator := func(r rune) bool { return strings.ContainsRune(" /[]?&=:.", r) }
	isWord := func(part string) bool { return s.words[part] || beltic.SessionStatus(part).Known() }
	isTelling := func(part string) bool { return !isWord(part) && !isShortNumber(part, 3) }
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
	if strings.IndexFunc(text, isReplaced) < 0 {
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
	local, isEmail := splitEmail(text)
	_, err := time.Parse(time.DateOnly, text)
	isDate := err == nil
	for try := 0; ; try++ {
		body := sameShape(local+strings.Repeat("0", try/triesPerLength), random)
		made := body
		switch {
		case isEmail:
			made += "@" + madeUpHost
		case isDate:
			// Older than anyone alive, so that no response to come holds it as an original.
			made = time.Date(1900, time.January, 1+random.IntN(7300), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			body = made
		}
		if made != text && (try > maxTries || !s.made[made] && !s.originals.in(body, 4)) {
			return made
		}
	}
}

func splitEmail(text string) (local string, ok bool) {
	local, domain, found := strings.Cut(text, "@")
	if !found || local == "" || domain == "" || strings.ContainsAny(text, " \t\r\n") || strings.Contains(domain, "@") {
		return text, false
	}
	return local, true
}

func isReplaced(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= utf8.RuneSelf
}

// sameShape has no vowels and no zero, so that it spells no name and is a number where it has
// digits only. Hexadecimal stays so.
func sameShape(text string, random *mathrand.Rand) string {
	letters := "bcdfghjklmnpqrstvwxz"
	if len(text) >= 8 && strings.Trim(text, "0123456789abcdefABCDEF-") == "" && strings.ContainsAny(text, "0123456789") {
		letters = "abcdef"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !isReplaced(r):
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

// check is the gate to the disk. It trusts nothing above: every text of the file must be a
// word of the shape, made up or kept on purpose, and no made-up text may contain an original.
func (s *scrubber) check(file []byte, secrets []string) error {
	lower := strings.ToLower(string(file))
	for _, secret := range secrets {
		if secret != "" && strings.Contains(lower, strings.ToLower(secret)) {
			return refusal(ErrNotScrubbed, "the key or the host is still in it")
		}
	}
	return eachToken(file, func(token jsontext.Token) error {
		text := token.String()
		isBad := token.Kind() == '"' && !s.passes(text) || token.Kind() == '0' && s.originals.in(text, 8)
		if isBad {
			return refusal(ErrNotScrubbed, "a text of the response is still in it")
		}
		return nil
	})
}

// passes looks for originals of eight bytes and more: shorter ones turn up by chance.
func (s *scrubber) passes(text string) bool {
	if s.words[text] || s.kept[text] {
		return true
	}
	rest := fixedTexts.Replace(text)
	unescaped, _ := url.QueryUnescape(rest) // an original may have been escaped
	return s.made[text] && !s.originals.in(rest, 8) && !s.originals.in(unescaped, 8)
}

// originals are the texts of a response, by their first four bytes.
type originals map[string]map[string]bool

func (o originals) add(text string) {
	if len(text) < 4 {
		return
	}
	if o[text[:4]] == nil {
		o[text[:4]] = map[string]bool{}
	}
	o[text[:4]][text] = true
}

// in reports whether a text contains an original of at least minLen bytes.
func (o originals) in(text string, minLen int) bool {
	for i := range max(0, len(text)-3) {
		for original := range o[text[i:i+4]] {
			if len(original) >= minLen && strings.HasPrefix(text[i:], original) {
				return true
			}
		}
	}
	return false
}
