package beltictest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestRepeatRecord(t *testing.T) {
	for page, twice := range map[int]int{2: 14, 3: 29, 4: 44} {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.OnPage(page), beltictest.RepeatRecord())
			want := idsOf(srv.Sessions.All())
			assert.Equal(t, slices.Insert(want, twice, want[twice]), listIDs(t, srv.Client(), nil))
			for _, r := range srv.Requests() {
				assert.LessOrEqual(t, r.Page, 5)
			}
		})
	}
	t.Run("again and again", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.Always(), beltictest.RepeatRecord())
			got := listIDs(t, srv.Client(), nil)
			assert.Equal(t, idsOf(srv.Sessions.All()), slices.Compact(got), "twice in a row, and nothing is lost")
			assert.Len(t, got, 53)
		})
	})
	t.Run("backward", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			page, err := srv.Client().Sessions.List(t.Context(), sized(49))
			require.NoError(t, err)
			page, err = page.Next(t.Context()) // of one record, so that the one to repeat is the last of the list
			require.NoError(t, err)
			srv.Inject(beltictest.Next(), beltictest.RepeatRecord())
			page, err = page.Previous(t.Context())
			require.NoError(t, err)
			assert.Equal(t, idsOf(srv.Sessions.All())[1:], idsOf(page.Data))
			page, err = page.Previous(t.Context())
			require.NoError(t, err)
			assert.Equal(t, idsOf(srv.Sessions.All())[:1], idsOf(page.Data))
		})
	})
	t.Run("where no page is before or has room", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.Next().Maybe(), beltictest.RepeatRecord())
			_, err := srv.Client().Sessions.List(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, idsOf(srv.Sessions.All()), listIDs(t, srv.Client(), sized(1)))
		})
	})
}

func TestMoveRecord(t *testing.T) {
	for _, order := range []beltictest.Order{beltictest.NewestFirst, beltictest.OldestFirst} {
		for page := 1; page <= 3; page++ {
			srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithOrder(order),
				beltictest.WithSessions(beltictest.GenerateSessions(1, 50)...))
			before := srv.Sessions.All()
			srv.Inject(beltictest.OnPage(page), beltictest.MoveRecord())
			var got []beltic.Session
			for session, err := range srv.Client().Sessions.All(t.Context(), nil) {
				require.NoError(t, err)
				got = append(got, *session)
			}
			moved := (page - 1) * 15
			require.Len(t, got, 51)
			assert.Equal(t, before, got[:50])
			last := got[50]
			assert.True(t, last.UpdatedAt.After(before[moved].UpdatedAt))
			last.UpdatedAt = before[moved].UpdatedAt
			assert.Equal(t, before[moved], last)
			assert.Equal(t, append(slices.Delete(idsOf(before), moved, moved+1), last.ID), idsOf(srv.Sessions.All()))
			require.NoError(t, srv.Sessions.Remove(last.ID), "it is found where it went")
		}
	}
	t.Run("on the last page", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.OnPage(4).Maybe(), beltictest.MoveRecord())
			assert.Len(t, listIDs(t, srv.Client(), nil), 50)
			assert.Empty(t, srv.Requests()[3].Faults)
		})
	})
	t.Run("pages of one record", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.OnPage(7), beltictest.MoveRecord())
			want := idsOf(srv.Sessions.All())
			assert.Equal(t, append(want, want[6]), listIDs(t, srv.Client(), sized(1)))
		})
	})
}

func TestIgnoreFilter(t *testing.T) {
	// walk lists the approved sessions, page by page, and tells them from the others.
	walk := func(t *testing.T, srv *beltictest.Server, place beltic.PageOptions) (asked, others []string) {
		opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved, Page: place}
		for session, err := range srv.Client().Sessions.All(t.Context(), opts) {
			if err == nil {
				asked = append(asked, session.ID)
				continue
			}
			assert.Equal(t, beltic.ReasonFilter, asError[*beltic.DecodeError](t, err).Reason)
			others = append(others, asError[*beltic.ItemError](t, err).ID)
		}
		return asked, others
	}
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		want, none := walk(t, srv, beltic.PageOptions{})
		require.NotEmpty(t, want)
		assert.Empty(t, none)

		srv.Inject(beltictest.OnPage(1), beltictest.IgnoreFilter())
		asked, others := walk(t, srv, beltic.PageOptions{Size: 5})
		assert.Equal(t, want, asked, "nothing is lost")
		assert.NotEmpty(t, others)

		srv.Inject(beltictest.Always(), beltictest.IgnoreFilter())
		asked, others = walk(t, srv, beltic.PageOptions{Size: 5})
		assert.Equal(t, want, asked)
		assert.Len(t, others, 50-len(want), "every session came")
		page, err := srv.Client().Sessions.List(t.Context(), sized(50))
		require.NoError(t, err)
		slices.Reverse(want)
		asked, others = walk(t, srv, beltic.PageOptions{Size: 5, Before: page.Meta.Page.Cursors.End})
		assert.Subset(t, want, asked)
		assert.Len(t, append(asked, others...), 49, "backward, all before the last")
	})
	t.Run("that nobody asked for", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			srv.Inject(beltictest.Always().Maybe(), beltictest.IgnoreFilter())
			assert.Len(t, listIDs(t, srv.Client(), nil), 50)
			assert.Empty(t, srv.Requests()[0].Faults)
		})
	})
	t.Run("beside other faults", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *beltictest.Server) {
			list := func(fault beltictest.Fault) (*beltic.Page[beltic.Session], []beltictest.Fault) {
				srv.Inject(beltictest.Next().Maybe(), fault)
				srv.Inject(beltictest.Next(), beltictest.IgnoreFilter())
				opts := &beltic.SessionListOptions{Status: beltic.SessionStatusApproved, Page: beltic.PageOptions{Size: 5, Total: true}}
				page, _ := srv.Client().Sessions.List(t.Context(), opts)
				requests := srv.Requests()
				return page, requests[len(requests)-1].Faults
			}
			page, happened := list(beltictest.MissingID())
			assert.Len(t, happened, 2)
			assert.Empty(t, page.Skipped[0].ID)
			total, _ := page.Total()
			assert.Equal(t, 50, total)

			_, happened = list(beltictest.EmptyPage())
			require.Len(t, happened, 1, "an empty page would hide it")
			assert.Equal(t, "IgnoreFilter", happened[0].String())
		})
	})
}

// TestFaultsOnOneRecord are those of responses and records; those of pages do nothing.
func TestFaultsOnOneRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *beltictest.Server) {
		client := srv.Client(beltic.WithMaxRetries(0))
		id := srv.Sessions.All()[0].ID
		gets := func(faults ...beltictest.Fault) (*beltic.Session, error) {
			srv.Inject(beltictest.Next(), faults...)
			return client.Sessions.Get(t.Context(), id)
		}
		_, err := gets(beltictest.Status(404))
		assert.ErrorIs(t, err, beltic.ErrNotFound)
		_, err = gets(beltictest.Truncate())
		asError[*beltic.TransportError](t, err)
		_, err = gets(beltictest.HTML())
		asError[*beltic.DecodeError](t, err)
		_, err = gets(beltictest.PoisonRecord())
		assert.Equal(t, id, asError[*beltic.ItemError](t, err).ID)
		_, err = gets(beltictest.MissingID())
		assert.Empty(t, asError[*beltic.ItemError](t, err).ID)
		_, err = gets(beltictest.DuplicateKey())
		asError[*beltic.ItemError](t, err)
		_, err = gets(beltictest.NullRecord())
		asError[*beltic.ProtocolError](t, err)
		session, err := gets(beltictest.UnknownStatus(), beltictest.UnknownField())
		require.NoError(t, err)
		assert.False(t, session.Status.Known())
		assert.Contains(t, string(session.Raw), "field_of_the_future")

		for _, fault := range []beltictest.Fault{
			beltictest.EmptyPage(), beltictest.MissingCursor(), beltictest.RepeatCursor(), beltictest.CursorCycle(2),
			beltictest.RepeatRecord(), beltictest.MoveRecord(), beltictest.IgnoreFilter(), beltictest.PoisonRecord().At(2),
		} {
			srv.Inject(beltictest.Next().Maybe(), fault)
			session, err = client.Sessions.Get(t.Context(), id)
			require.NoError(t, err, "%v", fault)
			srv.ClearFaults()
		}
		assert.Equal(t, id, session.ID)
	})
}

func TestFaultsOnOneRoute(t *testing.T) {
	srv := beltictest.Start(t, beltictest.InMemory(), beltictest.WithGenerated(1, 40))
	const accounts = "/identity/accounts"
	srv.Inject(beltictest.OnPage(2).On(accounts), beltictest.PoisonRecord())
	srv.Inject(beltictest.Every(2).On(accounts+"/{id}"), beltictest.Status(404))
	client := srv.Client(beltic.WithMaxRetries(0))
	assert.Len(t, listIDs(t, client, nil), 40, "sessions have no fault")
	var failures, listed int
	for account, err := range client.Accounts.All(t.Context(), &beltic.AccountListOptions{Page: beltic.PageOptions{Size: 5}}) {
		if err != nil {
			assert.Equal(t, 0, asError[*beltic.ItemError](t, err).Index)
			continue
		}
		listed++
		if _, err := client.Accounts.Get(t.Context(), account.ID); err != nil {
			assert.ErrorIs(t, err, beltic.ErrNotFound)
			failures++
		}
	}
	assert.Equal(t, len(srv.Accounts.All())-1, listed)
	assert.Equal(t, listed/2, failures, "other routes are not counted")

	assert.PanicsWithValue(t, `beltictest: On("/v1/identity/accounts"): there is no such route`, func() {
		srv.Inject(beltictest.Next().On("/v1/identity/accounts"), beltictest.Reset())
	})
}
