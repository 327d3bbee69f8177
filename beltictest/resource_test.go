package beltictest

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// note is a record that has only what every record has, and a time of its creation.
type note struct {
	ID             string `json:"id"`
	Type           string `json:"type"`
	noteAttributes `json:"attributes"`
}

type noteAttributes struct {
	CreatedAt time.Time `json:"created_at,omitzero"`
}

type noteOptions struct {
	Page beltic.PageOptions `url:"page"`
}

// TestAServerHasEveryCollection stands in the package, so that it says why before other tests panic.
func TestAServerHasEveryCollection(t *testing.T) {
	for field, value := range reflect.ValueOf(Start(t, InMemory())).Elem().Fields() {
		if value.Kind() == reflect.Pointer && field.IsExported() {
			assert.False(t, value.IsNil(), "server.go does not fill Server.%s", field.Name)
		}
	}
}

// TestAResourceIsItsDescription serves one that another file of the package could add, with nothing
// but what CONTRIBUTING asks for.
func TestAResourceIsItsDescription(t *testing.T) {
	srv := Start(t, InMemory())
	notes := serve(srv, &resource[note]{
		kind: "note", path: "/identity/notes", isListOnly: true, options: noteOptions{},
		creation: struct {
			Type string `json:"type"`
		}{},
		create:  func(*note) {},
		actions: map[string]func(*note) bool{"pin": func(*note) bool { return true }},
	})
	created := time.Date(2024, time.March, 4, 8, 0, 0, 0, time.UTC)
	notes.Add(note{ID: "note_1", noteAttributes: noteAttributes{created}}, note{ID: "note_2", noteAttributes: noteAttributes{created.Add(time.Hour)}})

	send := func(method, path, body string) (status int, answer []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("X-Api-Key", srv.APIKey)
		resp, err := srv.Transport().RoundTrip(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, answer
	}
	get := func(path string) (status int, ids []string) {
		status, body := send(http.MethodGet, path, "")
		var page struct{ Data []note }
		require.NoError(t, json.Unmarshal(body, &page))
		for _, n := range page.Data {
			assert.Equal(t, "note", n.Type)
			ids = append(ids, n.ID)
		}
		return status, ids
	}
	status, ids := get("/identity/notes?page[size]=2")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, []string{"note_2", "note_1"}, ids)
	assert.Equal(t, noteOptions{beltic.PageOptions{Size: 2}}, srv.Requests()[0].Options)
	status, _ = get("/identity/notes/note_1")
	assert.Equal(t, http.StatusNotFound, status, "a resource that is only listed has no path for one record")
	assert.Empty(t, srv.Requests()[1].Route)

	require.NoError(t, notes.Update("note_1", func(n *note) { n.CreatedAt = created.Add(2 * time.Hour) }))
	assert.EqualError(t, notes.Redact("note_1"), "beltictest: a note cannot be redacted")
	srv.Inject(Next(), MoveRecord())
	_, first := get("/identity/notes?page[size]=1")
	_, all := get("/identity/notes")
	assert.Equal(t, []string{"note_1"}, first)
	assert.Equal(t, []string{"note_2", "note_1"}, all, "a record without a time of its last change moves too")

	status, _ = send(http.MethodPost, "/identity/notes", `{"data":{"type":"note"}}`)
	assert.Equal(t, http.StatusCreated, status)
	status, _ = send(http.MethodPost, "/identity/notes", `{"data":{"attributes":{}}}`)
	assert.Equal(t, http.StatusUnprocessableEntity, status, "its description does not have them")
	status, _ = send(http.MethodPost, "/identity/notes/note_1/pin", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Len(t, notes.All(), 3)
	srv.ExpectWrites(t, 1, "/identity/notes")
	srv.ExpectWrites(t, 1, "/identity/notes/{id}/pin")
}
