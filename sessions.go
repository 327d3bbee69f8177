package beltic

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/google/go-querystring/query"
)

// SessionsService lists identity sessions. It is safe for concurrent use. Reach it as
// [Client].Sessions.
type SessionsService struct{ client *Client }

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

// maxFilter is the longest value of a filter, in bytes: what is longer is no id, and no server
// takes the URL.
const maxFilter = 4 << 10

// List gets one page of sessions: GET /v1/identity/sessions.
//
// If records of the page cannot be decoded, List returns the page with the others and an error of
// one [*ItemError] each, which page.Skipped lists too. If the page does not say whether there are more, it returns the page with
// a [*ProtocolError]. With any other error the page is nil: [*ConfigError] before any request,
// [*APIError], [*TransportError], [*RedirectError], [*LimitError], [*DecodeError] or
// [*ProtocolError].
func (s *SessionsService) List(ctx context.Context, opts *SessionListOptions) (*Page[Session], error) {
	return s.walk(opts).page(ctx)
}

// All ranges over every session of the list, page after page, in the order of the API.
//
// It is lazy: nothing is sent before the range starts, and the next page is fetched when the last
// session of this one has been handed over (with opts.Page.ReadAhead, one page earlier). Each range
// starts anew from opts, which are copied. Breaking out of the range sends nothing more. The
// sequence checks ctx before each session.
//
// The sessions are those of a page, which is in memory as long as one of its sessions is: copy (*s)
// what you keep for long.
//
// A record that cannot be decoded comes as (nil, [*ItemError]), and the range goes on behind it;
// [ItemError.Salvage] reads what can be read of it. Any other error comes once, as (nil, err), and
// ends the range. Without an error the range ends only when the API says that there are no more
// pages.
//
// With opts.Page.Before the list is walked backward, by page[before], and the sessions come one by
// one in the reverse order of the API. The order itself is undocumented. A session that is created
// or changed while the list is walked may be missed or come twice, as far as the API's cursors
// allow.
func (s *SessionsService) All(ctx context.Context, opts *SessionListOptions) iter.Seq2[*Session, error] {
	return all(ctx, s.walker(opts))
}

// Pages ranges over the pages of the list as [SessionsService.All] does over its sessions. A page
// comes without an error and with the sessions that could be decoded; after it comes each of the
// others, as (nil, [*ItemError]). They are in page.Skipped too. Backward, by opts.Page.Before, each
// page keeps the order that it was sent in.
func (s *SessionsService) Pages(ctx context.Context, opts *SessionListOptions) iter.Seq2[*Page[Session], error] {
	return pages(ctx, s.walker(opts))
}

// Iterator is a cursor over every session of the list, for callers that need to stop and go on
// later: see [Iterator.Checkpoint]. It sends nothing before the first Next. Options that cannot be
// right show as the error of the first Next.
func (s *SessionsService) Iterator(opts *SessionListOptions) *Iterator[Session] {
	return newIterator(s.walk(opts))
}

// walker returns walks from the options as they are now.
func (s *SessionsService) walker(opts *SessionListOptions) func() *walk[Session] {
	if opts != nil {
		opts = new(*opts)
	}
	return func() *walk[Session] { return s.walk(opts) }
}

func (s *SessionsService) walk(opts *SessionListOptions) *walk[Session] {
	var o SessionListOptions
	if opts != nil {
		o = *opts
	}
	if s == nil || s.client == nil {
		return failedWalk[Session](o.Page, &ConfigError{Field: "client", Problem: "was not made by NewClient"})
	}
	if err := o.validate(); err != nil {
		return failedWalk[Session](o.Page, err)
	}
	const route = "/identity/sessions"
	return newWalk(&listing[Session]{
		client:   s.client,
		resource: sessionResource,
		route:    route,
		query:    queryOf(o),
		pageSize: cmp.Or(o.Page.Size, defaultPageSize),
		maxItems: max(defaultMaxItems, o.Page.Size),
		keepRaw:  o.Page.KeepRaw,
	}, o.Page)
}

// queryOf encodes options, but for where the list starts.
func queryOf(o SessionListOptions) url.Values {
	o.Page.After, o.Page.Before = "", ""
	values, err := query.Values(o)
	if err != nil { // it depends on the types of the options only
		panic("beltic: " + err.Error())
	}
	return values
}

// sessionResource is how sessions are read.
var sessionResource = &resource[Session]{
	kind:  "session",
	table: sessionTable,
	room:  newSessionRoom,
	head:  func(s *Session) (id, kind *string) { return &s.ID, &s.Type },
	raw:   func(s *Session) *json.RawMessage { return &s.Raw },
}

func (s *Session) salvage(raw []byte) (unread []string, err error) {
	return sessionResource.salvage(raw, s)
}

// newSessionRoom makes room for the lists of a usual session in one allocation.
func newSessionRoom(r *reader) {
	room := new(struct {
		refs         [6]ResourceRef
		numbers      [1]IdentityNumber
		shareholders [1]Shareholder
	})
	spaceOf[ResourceRef](r).free = room.refs[:0]
	spaceOf[IdentityNumber](r).free = room.numbers[:0]
	spaceOf[Shareholder](r).free = room.shareholders[:0]
}

func (o SessionListOptions) validate() error {
	for _, filter := range []struct{ field, value string }{
		{"Status", string(o.Status)},
		{"EntityType", string(o.EntityType)},
		{"Filter.Account", o.Filter.Account},
		{"Filter.SessionDevice", o.Filter.SessionDevice},
	} {
		if len(filter.value) > maxFilter {
			return &ConfigError{Field: filter.field, Problem: "is longer than 4096 bytes"}
		}
	}
	return o.Page.validate()
}
