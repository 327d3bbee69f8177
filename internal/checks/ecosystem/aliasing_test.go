package ecosystem

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// handedOut is a body that hands out its own bytes wherever a reader lets it.
type handedOut struct{ *bytes.Reader }

func (handedOut) Close() error { return nil }

// listFrom lists the sessions of a body that stays in the hands of the caller.
func listFrom(t *testing.T, body []byte, opts *beltic.SessionListOptions) []beltic.Session {
	t.Helper()
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode:    http.StatusOK,
			Header:        http.Header{"Content-Type": {"application/json"}},
			Request:       req,
			Body:          handedOut{bytes.NewReader(body)},
			ContentLength: int64(len(body)),
		}, nil
	})
	page, err := client.Sessions.List(t.Context(), opts)
	require.NoError(t, err)
	return page.Data
}

func bodyOf(t *testing.T, sessions []beltic.Session) []byte {
	t.Helper()
	records := make([]string, len(sessions))
	for i, s := range sessions {
		text, err := json.Marshal(s)
		require.NoError(t, err)
		records[i] = string(text)
	}
	return []byte(pageOf(records...))
}

func TestASessionDoesNotChangeWithTheBodyItCameIn(t *testing.T) {
	for _, keepRaw := range []bool{false, true} {
		body := bodyOf(t, samples())
		page := beltic.PageOptions{Size: len(samples()), KeepRaw: keepRaw}
		sessions := listFrom(t, body, &beltic.SessionListOptions{Page: page})
		for i := range body {
			body[i] = 'X'
		}
		for i, want := range samples() {
			if keepRaw {
				text, err := json.Marshal(want)
				require.NoError(t, err)
				want.Raw = text
			}
			requireSame(t, want, sessions[i])
		}
	}
}

func TestRawIsACopyOfItsOwn(t *testing.T) {
	sessions := listFrom(t, bodyOf(t, samples()), &beltic.SessionListOptions{Page: beltic.PageOptions{KeepRaw: true}})
	for i := range sessions {
		_ = append(sessions[i].Raw, "behind its end"...) // must not reach the next record
	}
	for i, want := range samples() {
		text, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, string(text), string(sessions[i].Raw))
	}
	for i, want := range samples() {
		clear(sessions[i].Raw)
		sessions[i].Raw = nil
		requireSame(t, want, sessions[i])
	}
}

// A checkpoint knows records by their content, which a page keeps for it.
func TestWritingOverRawDoesNotChangeACheckpoint(t *testing.T) {
	body := string(bodyOf(t, samples()))
	checkpoint := func(change func(*beltic.Session)) beltic.Checkpoint {
		client := newClient(t, answers(http.StatusOK, body))
		it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{KeepRaw: true}})
		for range 5 {
			require.True(t, it.Next(t.Context()))
			change(it.Current())
		}
		return it.Checkpoint()
	}
	untouched := checkpoint(func(*beltic.Session) {})
	require.NotEmpty(t, untouched)
	require.Equal(t, untouched, checkpoint(func(s *beltic.Session) { clear(s.Raw) }))
}

func TestAppendingToAListOfASessionChangesNoOther(t *testing.T) {
	sessions := listFrom(t, bodyOf(t, samples()), nil)
	odd := beltic.ResourceRef{Type: "odd", ID: "odd"}
	for i := range sessions {
		s := &sessions[i]
		_ = append(s.IdentityNumbers, beltic.IdentityNumber{Number: "odd"})
		_ = append(s.Business.Shareholders, beltic.Shareholder{Name: "odd"})
		_ = append(s.Relationships.Documents.Data, odd)
		_ = append(s.Relationships.SessionDevices.Data, odd)
		_ = append(s.Relationships.Verifications.Data, odd)
	}
	requireSame(t, samples(), sessions)
}

func TestAKeptSessionIsNotSharedWithItsPage(t *testing.T) {
	client := newClient(t, answers(http.StatusOK, string(bodyOf(t, samples()))))
	page, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	kept := page.Data[1]
	again, err := client.Sessions.List(t.Context(), nil)
	require.NoError(t, err)
	for i := range again.Data {
		spoil(&again.Data[i])
	}
	for i := range page.Data {
		if i != 1 {
			spoil(&page.Data[i])
		}
	}
	requireSame(t, samples()[1], kept)
}
