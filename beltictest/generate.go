package beltictest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// Data is what [Generate] makes: records that refer to each other.
type Data struct {
	Sessions []beltic.Session
	Accounts []beltic.Account
}

// Generate makes n synthetic sessions, those of [GenerateSessions], and the accounts that they
// refer to. An account has the person or business, the contact and the address of its sessions, and
// the identity numbers of the latest one that has any, and lists its sessions and their documents.
// A larger n adds sessions and accounts, and gives the accounts more sessions.
func Generate(seed uint64, n int) Data {
	g := newGenerator(seed)
	data := Data{Sessions: g.sessions(n)}
	accounts := map[string]*beltic.Account{}
	data.Accounts = make([]beltic.Account, len(g.owners))
	for place, i := range slices.Sorted(maps.Keys(g.owners)) {
		data.Accounts[place] = g.account(i)
		accounts[data.Accounts[place].ID] = &data.Accounts[place]
	}
	for _, s := range data.Sessions {
		link(accounts[s.Relationships.Account.ID], s)
	}
	return data
}

// WithGenerated gives the server the sessions and accounts of [Generate].
func WithGenerated(seed uint64, n int) Option {
	data := Generate(seed, n)
	return func(c *config) {
		WithSessions(data.Sessions...)(c)
		WithAccounts(data.Accounts...)(c)
	}
}

// GenerateSessions makes n synthetic sessions, in the order of their creation. The same seed gives
// the same sessions on every machine, and a larger n only adds to them. There are persons and
// businesses in every status as soon as n is 18; accounts and devices come back, so that their
// filters find something. Nobody and nothing in them exists. [Generate] makes the accounts too.
func GenerateSessions(seed uint64, n int) []beltic.Session { return newGenerator(seed).sessions(n) }

var firstSession = time.Date(2024, time.March, 4, 8, 0, 0, 0, time.UTC)

// Streams keep random numbers of different use apart, so that an account looks the same whichever
// session it comes with. A new one is the last, because the same seed gives the same records for
// ever.
const (
	streamSessions uint64 = iota << 32
	streamAccounts
	streamDevices
	streamAccountFacts
	streamCreated
)

type generator struct {
	seed   uint64
	rng    *rand.Rand
	clock  time.Time     // when the last session was created
	owners map[int]owner // by the number of their account
}

func newGenerator(seed uint64) *generator {
	return &generator{seed: seed, rng: rand.New(rand.NewPCG(seed, streamSessions)), clock: firstSession, owners: map[int]owner{}}
}

func (g *generator) sessions(n int) []beltic.Session {
	sessions := make([]beltic.Session, max(n, 0))
	for i := range sessions {
		sessions[i] = g.session(i)
	}
	return sessions
}

// stream is the source of everything that belongs to the i-th account or device.
func (g *generator) stream(kind uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(g.seed, kind|uint64(i)))
}

// owner is that of the i-th account.
func (g *generator) owner(i int) owner {
	o, ok := g.owners[i]
	if !ok {
		o = newOwner(g.stream(streamAccounts, i), i)
		g.owners[i] = o
	}
	return o
}

func (g *generator) session(i int) beltic.Session {
	status, entityType := g.kind(i)
	account := 2 * g.rng.IntN(i/8+12)
	if entityType == beltic.EntityTypeBusiness {
		account++
	}
	o := g.owner(account)
	s := beltic.Session{
		ID:   newID(g.rng),
		Type: sessionResource.kind,
		SessionAttributes: beltic.SessionAttributes{
			Status:      status,
			CreatorType: beltic.CreatorTypeSystem,
			EntityType:  entityType,
		},
		Relationships: beltic.SessionRelationships{Account: toOne("account", o.accountID)},
	}
	if g.chance(0.7) {
		s.CreatorID = newID(g.rng)
	}
	g.setTimes(&s)
	g.setRelated(&s, i, o)
	g.setEntity(&s, o)
	if !s.StartedAt.IsZero() && g.chance(0.85) {
		s.BehaviorAnalysis = g.behavior(&s)
	}
	if s.Status.Terminal() && g.chance(0.05) {
		sessionResource.redactAt(&s, s.UpdatedAt.Add(30*24*time.Hour))
	}
	return s
}

// kind goes through every status of both entity types first, and then draws with the weights of a
// service that works.
func (g *generator) kind(i int) (beltic.SessionStatus, beltic.EntityType) {
	draw := g.rng.IntN(100)
	isBusiness := g.chance(0.3)
	if i < 2*len(sessionStatuses) {
		isBusiness = i%2 == 1
		return beltic.SessionStatus(sessionStatuses[i/2]), entityTypeOf(isBusiness)
	}
	for _, weighted := range statusWeights {
		if draw -= weighted.percent; draw < 0 {
			return weighted.status, entityTypeOf(isBusiness)
		}
	}
	return beltic.SessionStatusApproved, entityTypeOf(isBusiness)
}

func entityTypeOf(isBusiness bool) beltic.EntityType {
	if isBusiness {
		return beltic.EntityTypeBusiness
	}
	return beltic.EntityTypePerson
}

var statusWeights = []struct {
	status  beltic.SessionStatus
	percent int // approved takes the rest
}{
	{beltic.SessionStatusCreated, 8},
	{beltic.SessionStatusStarted, 6},
	{beltic.SessionStatusPending, 5},
	{beltic.SessionStatusCompleted, 8},
	{beltic.SessionStatusFailed, 6},
	{beltic.SessionStatusMarkedForReview, 7},
	{beltic.SessionStatusDeclined, 9},
	{beltic.SessionStatusExpired, 6},
}

const lifetime = 7 * 24 * time.Hour

// setTimes walks the session along its lifecycle up to its status.
func (g *generator) setTimes(s *beltic.Session) {
	if !g.chance(0.02) { // now and then two sessions are created at the same moment
		g.clock = g.after(g.clock, 4*time.Minute)
	}
	s.CreatedAt, s.UpdatedAt = g.clock, g.clock
	s.ExpiresAt = s.CreatedAt.Add(lifetime)
	for _, status := range pathTo(s.Status, g.chance(0.25)) {
		at := g.after(s.UpdatedAt, 20*time.Minute)
		if status == beltic.SessionStatusExpired {
			at = s.ExpiresAt
		}
		stamp(s, status, at)
	}
}

// pathTo is the way from created to a status, by a review or straight.
func pathTo(status beltic.SessionStatus, byReview bool) []beltic.SessionStatus {
	var path []beltic.SessionStatus
	for status != beltic.SessionStatusCreated {
		path = append([]beltic.SessionStatus{status}, path...)
		before := predecessors[status]
		status = before[0]
		if byReview {
			status = before[len(before)-1]
		}
	}
	return path
}

// after is a random time up to the limit later, with milliseconds or, as often, without.
func (g *generator) after(t time.Time, limit time.Duration) time.Time {
	step := time.Duration(1+g.rng.Int64N(int64(limit/time.Millisecond))) * time.Millisecond
	later := t.Add(step)
	if whole := later.Truncate(time.Second); g.chance(0.5) && whole.After(t) {
		return whole
	}
	return later
}

// setRelated adds what a session has gathered by the time it has reached its status.
func (g *generator) setRelated(s *beltic.Session, i int, o owner) {
	if s.EntityType == beltic.EntityTypeBusiness {
		s.Relationships.Business = toOne("business", o.businessID)
	}
	if s.StartedAt.IsZero() {
		return
	}
	device := g.stream(streamDevices, g.rng.IntN(i/4+12))
	s.Relationships.SessionDevices.Data = []beltic.ResourceRef{{Type: "session_device", ID: newID(device)}}
	if g.chance(0.1) {
		s.Relationships.SessionDevices.Data = append(s.Relationships.SessionDevices.Data, g.refs("session_device", 1)...)
	}
	if s.Status != beltic.SessionStatusStarted {
		s.Relationships.Documents.Data = g.refs("document", 1+g.rng.IntN(2))
		s.Relationships.Verifications.Data = g.refs("verification", 1+g.rng.IntN(3))
	}
}

func toOne(kind, id string) beltic.ToOne {
	return beltic.ToOne{ResourceRef: beltic.ResourceRef{Type: kind, ID: id}}
}

func (g *generator) refs(kind string, n int) []beltic.ResourceRef {
	refs := make([]beltic.ResourceRef, n)
	for i := range refs {
		refs[i] = beltic.ResourceRef{Type: kind, ID: newID(g.rng)}
	}
	return refs
}

func (g *generator) chance(p float64) bool { return g.rng.Float64() < p }

// newID makes a random UUID, version 4.
func newID(rng *rand.Rand) string {
	high, low := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff, 0x8000|low>>48&0x3fff, low&0xffffffffffff)
}
