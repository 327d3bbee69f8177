package recording

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/transport"
)

const (
	madeUpHost   = "example.com" // stands for the server and for the domain of every e-mail address
	scrubbedText = "This body was not JSON, so it was not recorded."
	scrubbedHTML = "<html><body>" + scrubbedText + "</body></html>"
)

// scrubber makes one recording fit to be stored. It is not safe for concurrent use.
type scrubber struct {
	secret     []byte                       // never stored: without it no pseudonym leads back
	middle     time.Time                    // of the years in which times are told apart
	words      map[string]bool              // that the shape itself is made of
	fixed      *strings.Replacer            // takes off what the scrubber puts into links, paths and e-mail addresses
	pseudonyms map[[sha256.Size]byte]string // by the keyed hash of the original
	made       map[string]bool              // pseudonyms, and what was put together from them

	// Of the current exchange:
	resource  resource
	received  time.Time       // by the server's clock, if it told it
	originals originals       // must not reach the disk
	kept      map[string]bool // may reach the disk

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
	fixed := []string{madeUpHost, ""}
	for _, resource := range resources {
		s.learn(resource.body)
		s.learn(&rule{members: resource.parameters})
		for name := range resource.parameters {
			fixed = append(fixed, url.QueryEscape(name)+"=", "=")
		}
	}
	for _, segment := range routeWords {
		fixed = append(fixed, "/"+segment, "/")
	}
	s.fixed = strings.NewReplacer(fixed...)
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
	s.resource, s.received = resourceAt(req.URL), transport.ServerTime(resp.Header, time.Now())
	s.collect(req, resp, body, isJSON)
	e := &exchange{
		Request:  request{Method: req.Method, Path: s.path(req.URL), Query: s.query(req.URL.Query())},
		Response: response{Status: resp.StatusCode, Header: s.header(resp.Header)},
	}
	var err error
	switch {
	case len(body) == 0:
	case isJSON:
		e.Response.Body, err = s.body(body, s.resource.body)
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

// value copies a value as its rule says. Without a rule it is dropped.
func (s *scrubber) value(dec *jsontext.Decoder, enc *jsontext.Encoder, rule *rule) error {
	if rule == nil {
		s.dropped++
		return dec.SkipValue()
	}
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '"':
		return enc.WriteToken(jsontext.String(s.text(rule, token.String())))
	case '0':
		if rule.number == nil || !rule.number(token.String()) {
			return enc.WriteValue(jsontext.Value(s.number(token.String())))
		}
	case '{':
		return s.inside(dec, enc, jsontext.BeginObject, jsontext.EndObject, func() error { return s.member(dec, enc, rule) })
	case '[':
		return s.inside(dec, enc, jsontext.BeginArray, jsontext.EndArray, func() error { return s.value(dec, enc, rule.elements) })
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
	if member != nil {
		err = enc.WriteToken(name)
	}
	if err != nil {
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

// typeName keeps the type of a resource: a word of the shape, where a member or a path has it, in the
// plural if there can be several.
func (s *scrubber) typeName(text string) string {
	path := strings.ReplaceAll(text, "_", "-") + "s"
	return s.keepIf(s.words[text] || s.words[text+"s"] || s.words[path], text)
}

// instant replaces a timestamp. Its fraction of a second would be a fingerprint, and its time zone
// tells where someone was.
func (s *scrubber) instant(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return s.pseudonym(text)
	}
	if !t.IsZero() {
		t = s.moment(t)
	}
	return s.keep(t.UTC().Format(time.RFC3339))
}

// moment replaces a time by one of 1970 to 2037. The order of times survives, their distances do
// not: with one offset for all, one known time, such as that of the exchange, would give the rest.
//
// It halves 34 years around the first time again and again, down to the second. Both halves get as
// many seconds as they have, and a random share of as many to spare.
func (s *scrubber) moment(t time.Time) time.Time {
	const years34 = 1 << 30
	if s.middle.IsZero() {
		s.middle = t
	}
	at := t.Unix() - s.middle.Unix() + years34/2
	var begin, made int64
	for length, spare := int64(years34), int64(years34); length > 1; {
		length /= 2
		share := int64(float64(spare) * s.share(begin, length))
		if at < begin+length {
			spare = share
		} else {
			begin, made, spare = begin+length, made+length+share, spare-share
		}
	}
	return time.Unix(made, 0)
}

// share is from a quarter to three quarters, and always the same for the same half.
func (s *scrubber) share(begin, length int64) float64 {
	key := s.key(fmt.Sprint("seconds ", begin, length))
	return 0.25 + 0.5*float64(binary.BigEndian.Uint32(key[:]))/(1<<32)
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
		rule := s.resource.parameters[name]
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
	scrubbed := http.Header{"Date": {s.httpDate(s.received)}}
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

// httpDate moves the moment of every response to the same one, and keeps the distance from it.
func (s *scrubber) httpDate(t time.Time) string {
	response := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	return s.keep(response.Add(t.Sub(s.received)).Format(http.TimeFormat))
}

func (s *scrubber) retryAfter(value string) string {
	if isCount(value) {
		return s.keep(value)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return ""
	}
	return s.httpDate(until)
}

// original notes what must not reach the disk, unless it is made of nothing but words of the shape,
// as some routes are.
func (s *scrubber) original(texts ...string) {
	isSeparator := func(r rune) bool { return strings.ContainsRune(" /[]?&=:.", r) }
	isWord := func(part string) bool { return s.words[part] || beltic.SessionStatus(part).Known() }
	isTelling := func(part string) bool { return !isWord(part) && !isDigits(part, 3) }
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
	key := s.key(text)
	made, ok := s.pseudonyms[key]
	if !ok {
		made = s.draw(text, mathrand.New(mathrand.NewChaCha8(key)))
		s.pseudonyms[key], s.made[made] = made, true
	}
	return made
}

// key is the same for the same text, and tells nothing of it without the secret.
func (s *scrubber) key(text string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(text))
	return [sha256.Size]byte(mac.Sum(nil))
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
	rest := s.fixed.Replace(text)
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
