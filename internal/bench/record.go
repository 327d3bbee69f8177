package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// scribe makes up records: nobody and nothing in them exists. Its words have different lengths, so
// that no reader can learn where a text ends.
type scribe struct {
	rng *rand.Rand
	words
}

type words struct{ first, last, trades, streets, places []string }

var (
	plainWords = words{
		first: []string{
			"Avelina", "Bram", "Calixta Rose", "Dunja", "Fenwick", "Gisla Maribel", "Io",
		},
		last: []string{
			"Ashquill", "Brambleford Fox", "Copperdale", "Dunmarrow-Eversedge", "Fox",
		},
		trades: []string{
			"Amberlight Trading and Logistics Ltd", "Blue Heron Bakery of Sampleton Inc",
		},
		streets: []string{
			"Example Street North", "Sample Lane", "Upper Placeholder Road", "Demo Square",
		},
		places: []string{"Exampleville on Sea", "Sampleton", "Musterstadt", "Placeholder Bay"},
	}
	unicodeWords = words{
		first: []string{
			"Élowen", "Håkon", "Łucja", "例え", "Пример", "مثال", "Παράδειγμα", "Yūna 🦊",
		},
		last: []string{
			"Hollowbrück", "Larkspår", "Thornápple \"T\"", "例市\\例", "Ravenløkke", "Ö",
		},
		trades:  []string{"Höhenlicht & Söhne GmbH", "株式会社サンプル商事", "Образец «Пример» ООО"},
		streets: []string{"Straße des Beispiels", "Rue de l’Exemple\n2e étage", "例通り"},
		places:  []string{"Ejemplópolis", "Ville-Exémple", "例市", "Приме́рск 👩🏽‍🔬"},
	}
)

var documents = []string{"passport", "national_identity_card", "residence_permit"}

func newScribe(seed uint64) *scribe {
	return &scribe{rng: rand.New(rand.NewPCG(seed, 0)), words: plainWords}
}

// records are n records as they stand in a page.
func (s *scribe) records(kind func(*scribe) plain.Session, n int) [][]byte {
	records := make([][]byte, n)
	for i := range records {
		records[i] = encode(kind(s))
	}
	return records
}

// full is a session with every field of the reference page.
func (s *scribe) full() plain.Session {
	session := plain.Session{ID: s.id(), Type: "session"}
	a := &session.Attributes
	a.Status = plain.Status(s.oneOf([]string{"approved", "declined", "marked_for_review"}))
	a.CreatorType = "system"
	a.EntityType = plain.EntityType(s.oneOf([]string{"person", "business"}))
	a.CreatorID = "user_" + s.id()
	a.Person.Name.First, a.Person.Name.Middle = s.oneOf(s.first), s.oneOf(s.first)
	a.Person.Name.Last = s.oneOf(s.last)
	a.Person.BirthDate = s.date()
	a.Business = plain.Business{
		LegalName:        s.oneOf(s.trades),
		RegistrationDate: s.date(),
		Shareholders: []plain.Shareholder{{
			Name:              s.oneOf(s.first) + " " + s.oneOf(s.last),
			ShareholderType:   "individual_shareholder",
			DateOfBirth:       s.date(),
			IDType:            s.oneOf(documents),
			IDNumber:          s.number("X0000000"),
			NumberOfShare:     s.number(""),
			PercentageOfShare: s.measure(),
		}},
	}
	a.IdentityNumbers = plain.IdentityNumber{
		Number: s.number("X0000000"), IssuingCountryCode: "XX", Class: s.oneOf(documents),
		CreatedAt: s.time(), UpdatedAt: s.time(),
	}
	a.Contact = plain.Contact{
		Email: s.number("contact.of.record.") + "@mail.example.com",
		Phone: fmt.Sprintf("+1-555-01%02d", s.rng.IntN(100)),
	}
	a.Address = plain.Address{
		Line1: s.number("") + " " + s.oneOf(s.streets), Line2: s.number("Building East, Unit "),
		Sublocality: "Old Quarter of " + s.oneOf(s.places), Locality: s.oneOf(s.places),
		AdministrativeArea: "Province of Example", PostalCode: s.number("0"), CountryCode: "XX",
	}
	a.BehaviorAnalysis = s.behavior()
	a.CreatedAt, a.UpdatedAt, a.StartedAt, a.ExpiresAt = s.time(), s.time(), s.time(), s.time()
	a.CompletedAt, a.FailedAt, a.MarkedForReviewAt = s.time(), s.time(), s.time()
	a.DecisionedAt, a.ExpiredAt, a.RedactedAt = s.time(), s.time(), s.time()
	session.Relationships = plain.Relationships{
		Account:        plain.ToOne{Data: s.ref("account")},
		Business:       plain.ToOne{Data: s.ref("business")},
		Documents:      plain.ToMany{Data: []plain.Ref{s.ref("document"), s.ref("document")}},
		SessionDevices: plain.ToMany{Data: []plain.Ref{s.ref("session_device")}},
		Verifications: plain.ToMany{
			Data: []plain.Ref{s.ref("verification"), s.ref("verification")},
		},
	}
	return session
}

// sparse is a session that was just created: what it has not reached is absent.
func (s *scribe) sparse() plain.Session {
	session := plain.Session{ID: s.id(), Type: "session"}
	session.Attributes.Status = "created"
	session.Attributes.CreatorType = "system"
	session.Attributes.EntityType = plain.EntityType(s.oneOf([]string{"person", "business"}))
	session.Attributes.CreatedAt = s.time()
	session.Attributes.UpdatedAt = session.Attributes.CreatedAt
	session.Relationships.Account.Data = s.ref("account")
	return session
}

// unicode is a full session whose names and places are not ASCII and need escapes.
func (s *scribe) unicode() plain.Session {
	s.words = unicodeWords
	defer func() { s.words = plainWords }()
	return s.full()
}

// mixed is any of the three.
func (s *scribe) mixed() plain.Session {
	kinds := []func() plain.Session{s.full, s.sparse, s.unicode}
	return kinds[s.rng.IntN(len(kinds))]()
}

func (s *scribe) behavior() plain.Behavior {
	return plain.Behavior{
		CompletionTimeSeconds:  s.count(),
		AutofillCancels:        s.count(),
		AutofillStarts:         s.count(),
		BotScore:               s.count(),
		ThreatLevel:            "low",
		ShortcutCopies:         s.count(),
		ShortcutPastes:         s.count(),
		DistractionEvents:      s.count(),
		DevtoolsOpen:           new(s.rng.IntN(2) == 0),
		DebuggerAttached:       new(s.rng.IntN(2) == 0),
		RequestSpoofAttempts:   s.count(),
		UserAgentSpoofAttempts: s.count(),
		HesitationBaseline:     s.measure(),
		HesitationCount:        s.count(),
		HesitationPercentage:   s.measure(),
		HesitationTime:         s.measure(),
	}
}

func (s *scribe) oneOf(list []string) string { return list[s.rng.IntN(len(list))] }

func (s *scribe) number(prefix string) string { return fmt.Sprint(prefix, s.rng.IntN(100_000)) }

func (s *scribe) count() *float64 { return new(float64(s.rng.IntN(s.rng.IntN(1000) + 1))) }

// measure is a multiple of a quarter, which a float32 holds too: one contender reads into those.
func (s *scribe) measure() *float64 { return new(float64(s.rng.IntN(40_000)) / 4) }

func (s *scribe) date() plain.Date {
	day := time.Date(1950+s.rng.IntN(55), 1, 1+s.rng.IntN(365), 0, 0, 0, 0, time.UTC)
	return plain.Date(day.Format(time.DateOnly))
}

// time has milliseconds, as the API's times have.
func (s *scribe) time() time.Time {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	return time.UnixMilli(start + s.rng.Int64N(300*24*3600*1000)).UTC()
}

func (s *scribe) id() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

func (s *scribe) ref(kind string) plain.Ref { return plain.Ref{Type: kind, ID: s.id()} }

// encode writes a value as an API does: <, > and & as they are.
func encode(value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // plain data cannot fail
	}
	return bytes.TrimSpace(buffer.Bytes())
}

// escape writes all that is not ASCII as \u escapes, as many servers do.
func escape(text []byte) []byte {
	var escaped []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if text = text[size:]; r < utf8.RuneSelf {
			escaped = append(escaped, byte(r))
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			escaped = fmt.Appendf(escaped, `\u%04x`, unit)
		}
	}
	return escaped
}
