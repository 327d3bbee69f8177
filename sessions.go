package beltic

import (
	"context"
	"iter"
)

// SessionsService reads identity sessions. It is safe for concurrent use. Reach it as
// [Client].Sessions.
type SessionsService service

// SessionListOptions choose the sessions of a list and the size of its pages. The zero value, like
// nil, is every session in pages of the API's default size. The names mirror the query parameters.
type SessionListOptions struct {
	Page       PageOptions   `url:"page"`
	Status     SessionStatus `url:"status,omitempty"`      // "" is any
	EntityType EntityType    `url:"entity_type,omitempty"` // "" is any
	Filter     SessionFilter `url:"filter"`
}

// SessionFilter chooses sessions by what they are related to. Ids are opaque and sent as given, up
// to 4 KiB.
type SessionFilter struct {
	Account       string `url:"account,omitempty"`        // id of an account, "" is any
	SessionDevice string `url:"session_device,omitempty"` // id of a session device, "" is any
}

// List gets one page of sessions: GET /v1/identity/sessions.
//
// If records of the page are left out, List returns the page with the others and an error of
// one [*ItemError] each, which page.Skipped lists too. If the page does not say whether there are
// more, it returns the page with a [*ProtocolError]. With any other error the page is nil:
// [*ConfigError] before any request, [*APIError], [*TransportError], [*RedirectError],
// [*LimitError], [*DecodeError] or [*ProtocolError].
func (s *SessionsService) List(ctx context.Context, opts *SessionListOptions) (*Page[Session], error) {
	return s.list(opts).one(ctx)
}

// All ranges over every session of the list, page after page, in the order of the API.
//
// It is lazy: nothing is sent before the range starts, and the next page is fetched when the last
// session of this one has been handed over (with opts.Page.ReadAhead, one page earlier). Each range
// starts over from opts, which are copied. Breaking out of the range sends nothing more. The
// sequence checks ctx before each session.
//
// The sessions are those of a page, which is in memory as long as one of its sessions is: copy (*s)
// what you keep for long.
//
// A record that cannot be decoded, or that is clearly not what opts asks for (another status, entity
// type or account), comes as (nil, [*ItemError]), and the range goes on after it;
// [ItemError.Salvage] reads what can be read of it. Any other error comes once, as (nil, err), and
// ends the range. Without an error the range ends only when the API says that there are no more
// pages.
//
// With opts.Page.Before the list is walked backward, by page[before], and the sessions come one by
// one in the reverse order of the API. The order itself is undocumented. A session that is created
// or changed while the list is walked may be missed or come twice, as far as the API's cursors
// allow.
func (s *SessionsService) All(ctx context.Context, opts *SessionListOptions) iter.Seq2[*Session, error] {
	return all(ctx, s.list(opts))
}

// Pages ranges over the pages of the list as [SessionsService.All] does over its sessions. A page
// comes without an error and without the records that were left out; after it comes each of these,
// as (nil, [*ItemError]). They are in page.Skipped too. Backward, by opts.Page.Before, each
// page keeps the order that it was sent in.
func (s *SessionsService) Pages(ctx context.Context, opts *SessionListOptions) iter.Seq2[*Page[Session], error] {
	return pages(ctx, s.list(opts))
}

// Iterator is a cursor over every session of the list, for callers that need to stop and go on
// later: see [Iterator.Checkpoint]. It sends nothing before the first Next. Options that cannot be
// right show as the error of the first Next.
func (s *SessionsService) Iterator(opts *SessionListOptions) *Iterator[Session] {
	return newIterator(s.list(opts))
}

// Get gets one session by its id: GET /v1/identity/sessions/{id}. Its exact JSON is in Raw. The
// meta that comes with it is undocumented and ignored.
//
// The errors are those of List, and a [*ConfigError] for an id that is empty or cannot be one part
// of a path. Where there is no such session, the error matches [ErrNotFound]; one that cannot be
// decoded is an [*ItemError].
func (s *SessionsService) Get(ctx context.Context, id string) (*Session, error) {
	return get(ctx, (*service)(s), sessionResource, sessionsRoute+"/{id}", id)
}

// SessionCreate are the account and the attributes of a new session. What is zero is not sent: on
// create, "" and absent mean the same. Which of them are required is undocumented. They print
// shut, and what a server repeats of them is masked in errors. Identity
// numbers are left out, because their form on a write is undocumented.
type SessionCreate struct {
	AccountID  string     `json:"-"` // the account that the session verifies
	EntityType EntityType `json:"entity_type,omitzero"`
	Person     Person     `json:"person,omitzero"`
	Business   Business   `json:"business,omitzero"`
	Contact    Contact    `json:"contact,omitzero"`
	Address    Address    `json:"address,omitzero"`
}

// Create makes a session: POST /v1/identity/sessions. It is never done twice, and its errors are
// those of [AccountsService.Create]. If the outcome is unknown, look for the session by
// Filter.Account and CreatedAt in [SessionsService.All]. Whether an account may have two open
// sessions is undocumented: look for one before you create another.
func (s *SessionsService) Create(ctx context.Context, session SessionCreate) (*Session, error) {
	var relationships map[string]ToOne
	if session.AccountID != "" {
		relationships = map[string]ToOne{"account": {ResourceRef{Type: "account", ID: session.AccountID}}}
	}
	return create(ctx, (*service)(s), sessionResource, sessionsRoute, session, relationships)
}

// Decline declines a session: POST /v1/identity/sessions/{id}/decline. It returns the session as it
// is then. It is never done twice, and its errors are those of [AccountsService.Create]; if the
// outcome is unknown, [SessionsService.Get] tells the status. What the API says of a session that is
// decided already is undocumented.
func (s *SessionsService) Decline(ctx context.Context, id string) (*Session, error) {
	return write(ctx, (*service)(s), sessionResource, Call{Route: sessionsRoute + "/{id}/decline", IDs: []string{id}})
}

const sessionsRoute = "/identity/sessions"

func (s *SessionsService) list(opts *SessionListOptions) walk[Session] {
	return newList((*service)(s), sessionResource, sessionsRoute, opts)
}

func (o *SessionListOptions) page() *PageOptions { return &o.Page }

// sessionResource is how sessions are read.
var sessionResource = newResource("session", func(s *Session) parts {
	return parts{&s.ID, &s.Type, &s.Raw}
})

func (s *Session) salvage(raw []byte) (unread []string, err error) {
	return sessionResource.salvage(raw, s)
}
