package beltictest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

// The vocabulary of the generator is invented: names that no register has, the reserved domains of
// RFC 2606 and the telephone numbers that are reserved for fiction.
var (
	firstNames = []string{
		"Avelina", "Bram", "Calix", "Dunja", "Élowen", "Fenwick", "Gisla", "Håkon", "Ilka", "Jorun", "Kéziah", "Łucja", "Mirabel",
		"Nando", "Ørjan", "Petra", "Quill", "Roswitha", "Søren", "Tamsin", "Ulrik", "Vesna", "Wenzel", "Xanthe", "Yūna", "Živa",
	}
	lastNames = []string{
		"Ashquill", "Brambleford", "Copperdale", "Dunmarrow", "Eversedge", "Fallowmere", "Grimbough", "Hollowbrück", "Inkerfield",
		"Juniperholt", "Kestrelwyn", "Larkspår", "Mossgarden", "Nettlebee", "Oakenshire", "Pinecastle", "Quartermoon", "Ravenløkke",
		"Silverthatch", "Thornápple", "Umberleigh", "Vinterskog", "Willowmarch", "Yarrowgate",
	}
	businessNames = []string{"Amberlight", "Blue Heron", "Cloudberry", "Dandelion", "Evergreen Fjord", "Foxglove", "Glasswing", "Höhenlicht"}
	businessKinds = []string{"Trading Ltd", "Logistics GmbH", "Bakery LLC", "Instruments AB", "Holdings Inc", "Textiles S.A."}
	streets       = []string{"Example Street", "Sample Lane", "Placeholder Road", "Fictional Avenue", "Testing Square", "Demo Boulevard"}
	places        = []place{
		{"Exampleville", "CA", "US", "00000"},
		{"Sampleton", "ON", "CA", "X0X 0X0"},
		{"Musterstadt", "BY", "DE", "00001"},
		{"Ville-Exemple", "IDF", "FR", "00002"},
		{"Ejemplópolis", "MD", "ES", "00003"},
		{"例市", "13", "JP", "000-0000"},
	}
	identityClasses = []string{"passport", "national_id", "drivers_license", "tax_id"}
)

type place struct{ locality, area, country, postalCode string }

// owner is the person or business of an account: what is the same in the account and in each of its
// sessions.
type owner struct {
	isBusiness bool
	accountID  string
	businessID string // of a business
	person     beltic.Person
	business   beltic.Business
	contact    beltic.Contact
	address    beltic.Address
}

// newOwner makes the owner of the i-th account of a seed. Persons have the even accounts,
// businesses the odd ones.
func newOwner(rng *rand.Rand, i int) owner {
	o := owner{isBusiness: i%2 == 1, accountID: newID(rng)}
	if o.isBusiness {
		o.businessID = newID(rng)
	}
	person := beltic.Person{Name: personName(rng), BirthDate: date(rng, 1950, 2004)}
	business := beltic.Business{
		LegalName:        choose(rng, businessNames) + " " + choose(rng, businessKinds),
		RegistrationDate: date(rng, 1990, 2022),
	}
	o.contact, o.address = newContact(rng), newAddress(rng)
	if o.isBusiness {
		o.business = business
		o.business.Shareholders = newShareholders(rng)
	} else {
		o.person = person
	}
	return o
}

// setEntity fills in what is known of a person or business: nothing but a contact, if that, before
// the session is started, and all of it later, except that some leave out what they can.
func (g *generator) setEntity(s *beltic.Session, o owner) {
	if s.StartedAt.IsZero() {
		if g.chance(0.4) {
			s.Contact = o.contact
		}
		return
	}
	isSparse := g.chance(0.2)
	s.Person, s.Business, s.Contact = o.person, copyOf(o.business), o.contact
	if isSparse {
		s.Business.Shareholders = nil
		s.Contact.Phone = ""
		return
	}
	s.Address = o.address
	s.IdentityNumbers = g.identityNumbers(s, o.address.CountryCode)
}

func personName(rng *rand.Rand) beltic.PersonName {
	name := beltic.PersonName{First: choose(rng, firstNames), Last: choose(rng, lastNames)}
	if rng.IntN(3) == 0 {
		name.Middle = choose(rng, firstNames)
	}
	return name
}

func newContact(rng *rand.Rand) beltic.Contact {
	domain := choose(rng, []string{"example.com", "example.org"})
	return beltic.Contact{
		Email: fmt.Sprintf("contact.%06d@%s", rng.IntN(1_000_000), domain),
		Phone: fmt.Sprintf("+1-555-01%02d", rng.IntN(100)),
	}
}

func newAddress(rng *rand.Rand) beltic.Address {
	where := places[rng.IntN(len(places))]
	address := beltic.Address{
		Line1:              strconv.Itoa(1+rng.IntN(999)) + " " + choose(rng, streets),
		Locality:           where.locality,
		AdministrativeArea: where.area,
		PostalCode:         where.postalCode,
		CountryCode:        where.country,
	}
	if rng.IntN(4) == 0 {
		address.Line2 = "Unit " + strconv.Itoa(1+rng.IntN(40))
	}
	if rng.IntN(6) == 0 {
		address.Sublocality = "Old Example"
	}
	return address
}

// newShareholders divide the whole business.
func newShareholders(rng *rand.Rand) []beltic.Shareholder {
	holders := make([]beltic.Shareholder, 1+rng.IntN(3))
	left := 100
	for i := range holders {
		percent := left
		if last := len(holders) - 1; i < last {
			percent = 1 + rng.IntN(left-(last-i))
		}
		left -= percent
		name := personName(rng)
		holders[i] = beltic.Shareholder{
			Name:              name.First + " " + name.Last,
			ShareholderType:   "individual",
			DateOfBirth:       date(rng, 1950, 2000),
			IDType:            choose(rng, identityClasses),
			IDNumber:          documentNumber(rng),
			NumberOfShare:     strconv.Itoa(percent * 10),
			PercentageOfShare: beltic.Some(float64(percent)),
		}
	}
	return holders
}

func (g *generator) identityNumbers(s *beltic.Session, country string) []beltic.IdentityNumber {
	n := 1
	if g.chance(0.15) {
		n = 2 + g.rng.IntN(2)
	}
	numbers := make([]beltic.IdentityNumber, n)
	for i := range numbers {
		numbers[i] = beltic.IdentityNumber{
			Number:             documentNumber(g.rng),
			IssuingCountryCode: country,
			Class:              choose(g.rng, identityClasses),
			CreatedAt:          s.StartedAt,
			UpdatedAt:          s.StartedAt,
		}
	}
	return numbers
}

func documentNumber(rng *rand.Rand) string { return fmt.Sprintf("X000%04d", rng.IntN(10_000)) }

// behavior leaves values out now and then: not everything is measured in every session.
func (g *generator) behavior(s *beltic.Session) beltic.BehaviorAnalysis {
	b := beltic.BehaviorAnalysis{
		AutofillCancels:        g.count(3),
		AutofillStarts:         g.count(6),
		BotScore:               g.count(100),
		ShortcutCopies:         g.count(4),
		ShortcutPastes:         g.count(5),
		DistractionEvents:      g.count(12),
		DevtoolsOpen:           g.flag(0.03),
		DebuggerAttached:       g.flag(0.01),
		RequestSpoofAttempts:   g.count(1),
		UserAgentSpoofAttempts: g.count(1),
		HesitationBaseline:     g.measure(2000),
		HesitationCount:        g.count(20),
		HesitationPercentage:   g.measure(100),
		HesitationTime:         g.measure(30_000),
	}
	if g.chance(0.8) {
		b.ThreatLevel = beltic.ThreatLevelLow
	}
	if !s.CompletedAt.IsZero() {
		b.CompletionTimeSeconds = beltic.Some(s.CompletedAt.Sub(s.StartedAt).Truncate(time.Second).Seconds())
	}
	return b
}

const measured = 0.85

// count is more often low than high.
func (g *generator) count(limit int) beltic.Optional[float64] {
	return optional(g.chance(measured), float64(g.rng.IntN(1+g.rng.IntN(limit+1))))
}

// measure has two decimals at most.
func (g *generator) measure(limit int) beltic.Optional[float64] {
	return optional(g.chance(measured), float64(g.rng.IntN(limit*100+1))/100)
}

func (g *generator) flag(p float64) beltic.Optional[bool] {
	return optional(g.chance(measured), g.chance(p))
}

func optional[T any](isSet bool, value T) (o beltic.Optional[T]) {
	if isSet {
		o = beltic.Some(value)
	}
	return o
}

func date(rng *rand.Rand, fromYear, toYear int) beltic.Date {
	year := fromYear + rng.IntN(toYear-fromYear+1)
	day := time.Date(year, time.January, 1+rng.IntN(365), 0, 0, 0, 0, time.UTC)
	return beltic.Date(day.Format(time.DateOnly))
}

func choose(rng *rand.Rand, list []string) string { return list[rng.IntN(len(list))] }
