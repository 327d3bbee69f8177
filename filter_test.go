package beltic_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// about is a record with attributes and the id of its account.
func about(id, attributes, account string) string {
	return `{"id":"` + id + `","type":"session","attributes":{` + attributes + `},` +
		`"relationships":{"account":{"data":{"type":"account","id":"` + account + `"}}}}`
}

func TestARecordThatTheFilterExcludesIsNeverDelivered(t *testing.T) {
	for name, tc := range map[string]struct {
		opts     beltic.SessionListOptions
		excluded string
		pointer  string
	}{
		"status":      {beltic.SessionListOptions{Status: beltic.SessionStatusApproved}, about("s2", `"status":"declined"`, ""), "/attributes/status"},
		"entity type": {beltic.SessionListOptions{EntityType: beltic.EntityTypePerson}, about("s2", `"entity_type":"business"`, ""), "/attributes/entity_type"},
		"account": {
			beltic.SessionListOptions{Filter: beltic.SessionFilter{Account: "acc_1"}}, about("s2", "", "acc_2"), "/relationships/account",
		},
		"a later status": {beltic.SessionListOptions{Status: "a_status_of_tomorrow"}, about("s2", `"status":"declined"`, ""), "/attributes/status"},
	} {
		t.Run(name, func(t *testing.T) {
			is := about("s1", "", "acc_1")
			server := bodies(rawPage("c1", is, tc.excluded), rawPage("", tc.excluded, is))
			client := newClient(t, server.RoundTrip)
			ids, err := walkAll(t, client, &tc.opts)
			require.NoError(t, err, "the list goes on")
			assert.Equal(t, []string{"s1", "!", "!", "s1"}, ids)

			page, err := newClient(t, bodies(rawPage("", is, tc.excluded)).RoundTrip).Sessions.List(t.Context(), &tc.opts)
			item, ok := errors.AsType[*beltic.ItemError](err)
			require.True(t, ok, "%v", err)
			assert.Len(t, page.Data, 1)
			assert.Equal(t, page.Skipped, []*beltic.ItemError{item})
			assert.Equal(t, 1, item.Index)
			assert.Equal(t, "s2", item.ID)
			assert.JSONEq(t, tc.excluded, string(item.Raw))
			why, ok := errors.AsType[*beltic.DecodeError](err)
			require.True(t, ok)
			assert.Equal(t, beltic.DecodeError{Pointer: tc.pointer, Reason: beltic.ReasonFilter}, *why)
			assert.EqualError(t, err, "beltic: record 1 of the page, id s2, not what the list asked for: the server ignored the filter, or its index lags, at "+tc.pointer)

			var session beltic.Session
			unread, err := item.Salvage(&session)
			require.NoError(t, err)
			assert.Empty(t, unread)
			assert.Equal(t, "s2", session.ID)
		})
	}
}

func TestOnlyWhatARecordClearlyStatesIsHeldAgainstIt(t *testing.T) {
	opts := &beltic.SessionListOptions{
		Status: beltic.SessionStatusApproved, EntityType: beltic.EntityTypePerson, Filter: beltic.SessionFilter{Account: "acc_1", SessionDevice: "dev_1"},
	}
	for name, record := range map[string]string{
		"nothing":                  about("s1", "", ""),
		"what was asked for":       about("s1", `"status":"approved","entity_type":"person"`, "acc_1"),
		"values of tomorrow":       about("s1", `"status":"paused","entity_type":"trust"`, ""),
		"an id of another case":    about("s1", "", "ACC_1"),
		"an id of another length":  about("s1", "", "account_2"),
		"values in another letter": about("s1", `"status":"Declined"`, ""),
	} {
		ids, err := walkAll(t, newClient(t, bodies(rawPage("", record)).RoundTrip), opts)
		require.NoError(t, err, name)
		assert.Equal(t, []string{"s1"}, ids, name)
	}
	odd := about("s1", `"status":7,"entity_type":"business"`, "")
	_, err := newClient(t, bodies(rawPage("", odd)).RoundTrip).Sessions.List(t.Context(), opts)
	why, ok := errors.AsType[*beltic.DecodeError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, beltic.ReasonType, why.Reason, "an odd record is odd, whatever it states")
}

func TestWithoutAFilterEveryRecordIsAskedFor(t *testing.T) {
	server := bodies(rawPage("", about("s1", `"status":"declined","entity_type":"business"`, "acc_2")))
	ids, err := walkAll(t, newClient(t, server.RoundTrip), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"s1"}, ids)
}

func TestACheckpointStandsBehindAnExcludedRecord(t *testing.T) {
	opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved}
	body := rawPage("", about("s1", `"status":"approved"`, ""), about("s2", `"status":"declined"`, ""), about("s3", `"status":"approved"`, ""))
	server := bodies(body, body)
	client := newClient(t, server.RoundTrip)
	it := client.Sessions.Iterator(opts)
	require.True(t, it.Next(t.Context()))
	require.False(t, it.Next(t.Context()))
	require.True(t, isItemError(it.Err()), "%v", it.Err())
	opts.Page.Resume = it.Checkpoint()
	ids, err := walkAll(t, client, opts)
	require.NoError(t, err)
	assert.Equal(t, []string{"s3"}, ids)
}
