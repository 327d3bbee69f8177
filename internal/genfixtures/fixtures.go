package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

// The list that first, middle and last are the pages of.
const (
	listLength = 8
	pageSize   = "3"
	seed       = 1
	// population is how many sessions are generated to find one of every kind in.
	population = 1000
)

const (
	sessionsPath = "/identity/sessions"
	accountsPath = "/identity/accounts"
)

// fixtures are the bodies by the name of their file.
func fixtures() map[string][]byte {
	files := errorBodies()
	list := beltictest.WithSessions(beltictest.GenerateSessions(seed, listLength)...)
	first := page(list, "")
	middle := page(list, endOf(first))
	files["sessions/first.json"] = first
	files["sessions/middle.json"] = middle
	files["sessions/last.json"] = page(list, endOf(middle))
	files["sessions/empty.json"] = ask(sessionsPath, nil)
	for name, session := range sessions() {
		files["sessions/"+name+".json"] = ask(sessionsPath, nil, beltictest.WithSessions(session))
	}
	files["sessions/null.json"] = withNull(files["sessions/sparse.json"])
	files["sessions/single.json"] = ask(sessionsPath+"/"+sessionID, nil, beltictest.WithSessions(fullSession()))
	files["accounts/list.json"] = ask(accountsPath, nil, beltictest.WithGenerated(seed, listLength))
	files["accounts/empty.json"] = ask(accountsPath, nil)
	files["accounts/full.json"] = ask(accountsPath, nil, beltictest.WithAccounts(fullAccount()))
	files["accounts/single.json"] = ask(accountsPath+"/"+accountID, nil, beltictest.WithAccounts(fullAccount()))
	return files
}

// page is a page of a list, from after a cursor on.
func page(list beltictest.Option, after string) []byte {
	query := url.Values{"page[size]": {pageSize}, "page[total]": {"true"}}
	if after != "" {
		query.Set("page[after]", after)
	}
	return ask(sessionsPath, query, list)
}

// ask is the response of a fake server, which goes by the name of the API.
func ask(path string, query url.Values, opts ...beltictest.Option) []byte {
	server := beltictest.NewServer(append(opts, beltictest.InMemory())...)
	defer server.Close()
	return get(server, path, query)
}

func get(server *beltictest.Server, path string, query url.Values) []byte {
	req := httptest.NewRequest(http.MethodGet, beltic.DefaultBaseURL+path, nil)
	req.URL.RawQuery = query.Encode()
	req.Header.Set("X-Api-Key", server.APIKey)
	resp := httptest.NewRecorder()
	server.ServeHTTP(resp, req)
	return indent(resp.Body.Bytes())
}

func endOf(body []byte) string {
	var page beltic.Page[beltic.Session]
	must(json.Unmarshal(body, &page))
	return page.Meta.Page.Cursors.End
}

// sessions are those that stand alone on their page. Of the generated ones it takes the one of each
// kind that has the most to show.
func sessions() map[string]beltic.Session {
	chosen := map[string]beltic.Session{"full": fullSession(), "sparse": sparse(), "unicode": unicode()}
	for _, session := range beltictest.GenerateSessions(seed, population) {
		for _, name := range []string{string(session.EntityType), "status_" + string(session.Status)} {
			if richest, ok := chosen[name]; !ok || len(encode(session)) > len(encode(richest)) {
				chosen[name] = session
			}
		}
	}
	return chosen
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	must(err)
	return text
}

// withNull is a page of one session in which every attribute that is absent is null instead.
func withNull(page []byte) []byte {
	var document struct {
		Data []struct {
			Attributes json.RawMessage `json:"attributes"`
		} `json:"data"`
	}
	var reached map[string]json.RawMessage
	must(json.Unmarshal(page, &document))
	sent := document.Data[0].Attributes
	must(json.Unmarshal(sent, &reached))
	var members []string
	attributes := reflect.TypeFor[beltic.SessionAttributes]()
	for field := range attributes.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, ok := reached[name]
		if !ok {
			value = []byte("null")
		}
		members = append(members, string(encode(name))+":"+string(value))
	}
	return indent(bytes.Replace(page, sent, []byte("{"+strings.Join(members, ",")+"}"), 1))
}

// indent makes JSON readable, and leaves everything else as it is.
func indent(text []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(text), "", "  ") != nil {
		return text
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// must panics: the input of the generator is its own source.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
