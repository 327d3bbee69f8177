package beltic_test

import (
	"encoding/json"
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

var sessionCount = flag.Int("sessions", 5000, "how many sessions TestEveryWayToListGivesTheSameSessionsInTheSameOrder lists; "+
	"with 100000 TestManySessionsKeepTheHeapFlat lists a million")

func TestEveryWayToListGivesTheSameSessionsInTheSameOrder(t *testing.T) {
	sessions := beltictest.GenerateSessions(7, *sessionCount)
	server := beltictest.Start(t, beltictest.WithSessions(sessions...), beltictest.WithMaxPageSize(1000))
	client := server.Client()
	opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 1000}}

	var all, byPages, byIterator, byHand []string
	for session, err := range client.Sessions.All(t.Context(), opts) {
		require.NoError(t, err)
		all = append(all, session.ID)
	}
	for page, err := range client.Sessions.Pages(t.Context(), opts) {
		require.NoError(t, err)
		for i := range page.Data {
			byPages = append(byPages, page.Data[i].ID)
		}
	}
	it := client.Sessions.Iterator(&beltic.SessionListOptions{Page: beltic.PageOptions{Size: 1000, ReadAhead: true}})
	for it.Next(t.Context()) {
		byIterator = append(byIterator, it.Current().ID)
	}
	require.NoError(t, it.Err())
	page, err := client.Sessions.List(t.Context(), opts)
	for {
		require.NoError(t, err)
		for i := range page.Data {
			byHand = append(byHand, page.Data[i].ID)
		}
		if !page.HasNext() {
			break
		}
		page, err = page.Next(t.Context())
	}

	assert.True(t, slices.Equal(all, byPages) && slices.Equal(all, byIterator) && slices.Equal(all, byHand))
	var want []string
	for i := range sessions {
		want = append(want, sessions[i].ID)
	}
	slices.Sort(want)
	slices.Sort(all)
	assert.True(t, slices.Equal(want, all), "each once")
}

func TestBackwardGivesTheSameSessionsInReversePages(t *testing.T) {
	server := beltictest.Start(t, beltictest.WithSessions(beltictest.GenerateSessions(7, 95)...))
	client := server.Client()
	var forward, backward []string
	var end string
	for page, err := range client.Sessions.Pages(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 10}}) {
		require.NoError(t, err)
		end = page.Meta.Page.Cursors.End
		for i := range page.Data {
			forward = append(forward, page.Data[i].ID)
		}
	}
	for page, err := range client.Sessions.Pages(t.Context(), &beltic.SessionListOptions{Page: beltic.PageOptions{Size: 10, Before: end}}) {
		require.NoError(t, err)
		var ids []string
		for i := range page.Data {
			ids = append(ids, page.Data[i].ID)
		}
		backward = append(ids, backward...)
	}
	assert.Equal(t, forward[:94], backward, "all in front of the last session")
}

func TestFiltersGoAlong(t *testing.T) {
	sessions := beltictest.GenerateSessions(3, 500)
	server := beltictest.Start(t, beltictest.WithSessions(sessions...))
	account := sessions[0].Relationships.Account.ID
	want := map[string]bool{}
	for i := range sessions {
		if s := &sessions[i]; s.Relationships.Account.ID == account && s.EntityType == beltic.EntityTypePerson {
			want[s.ID] = true
		}
	}
	require.NotEmpty(t, want)
	got := map[string]bool{}
	for session, err := range server.Client().Sessions.All(t.Context(), &beltic.SessionListOptions{
		Page:       beltic.PageOptions{Size: 2, Total: true},
		EntityType: beltic.EntityTypePerson,
		Filter:     beltic.SessionFilter{Account: account},
	}) {
		require.NoError(t, err)
		got[session.ID] = true
	}
	assert.Equal(t, want, got)
}

func TestSessionsComeBackAsTheyWereSent(t *testing.T) {
	sessions := beltictest.GenerateSessions(5, 300)
	want := map[string]string{}
	for i := range sessions {
		text, err := json.Marshal(sessions[i])
		require.NoError(t, err)
		want[sessions[i].ID] = string(text)
	}
	server := beltictest.Start(t, beltictest.WithSessions(sessions...))
	for session, err := range server.Client().Sessions.All(t.Context(), nil) {
		require.NoError(t, err)
		text, err := json.Marshal(session)
		require.NoError(t, err)
		assert.JSONEq(t, want[session.ID], string(text))
	}
}
