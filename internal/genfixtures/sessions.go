package main

import (
	"time"

	beltic "github.com/belticlabs/beltic-go"
)

const (
	sessionID = "00000000-0000-4000-8000-000000000001"
	accountID = "00000000-0000-4000-8000-000000000002"
)

// moment is a fixed time, some minutes into the session.
func moment(minutes int) time.Time {
	return time.Date(2025, time.January, 15, 9, minutes, 0, int(149*time.Millisecond), time.UTC)
}

func ref(kind, lastDigit string) beltic.ResourceRef {
	return beltic.ResourceRef{Type: kind, ID: accountID[:len(accountID)-1] + lastDigit}
}

// sparse is a session that was just created: what it has not reached is absent.
func sparse() beltic.Session {
	return beltic.Session{
		ID: sessionID,
		SessionAttributes: beltic.SessionAttributes{
			Status:      beltic.SessionStatusCreated,
			CreatorType: beltic.CreatorTypeSystem,
			EntityType:  beltic.EntityTypePerson,
			CreatedAt:   moment(0),
			UpdatedAt:   moment(0),
		},
		Relationships: beltic.SessionRelationships{Account: beltic.ToOne{ResourceRef: ref("account", "2")}},
	}
}

// unicode has names and places in scripts and forms that a careless program breaks; most of the
// words mean "example".
func unicode() beltic.Session {
	session := sparse()
	session.Person = beltic.Person{
		Name: beltic.PersonName{
			First:  "例え ペル\u0301",
			Middle: "مثال",
			Last:   "Пример-Παράδειγμα 👩🏽‍🔬",
		},
		BirthDate: "1990-05-15",
	}
	session.Contact = beltic.Contact{Email: "παράδειγμα@example.com", Phone: "+1 202\u2011555\u20110100"}
	session.Address = beltic.Address{
		Line1:              "\"Esempiø\" \\ <Straße> & 1\t½",
		Locality:           "उदाहरण נסיון",
		AdministrativeArea: "Ví dụ\u2028",
		PostalCode:         "〒000-0000",
		CountryCode:        "XX",
	}
	return session
}

// fullSession has every field of the reference page, which no one session of the API does.
func fullSession() beltic.Session {
	return beltic.Session{
		ID: sessionID,
		SessionAttributes: beltic.SessionAttributes{
			Status:          beltic.SessionStatusApproved,
			CreatorType:     beltic.CreatorTypeSystem,
			EntityType:      beltic.EntityTypePerson,
			CreatorID:       "creator_example",
			Person:          fullPerson,
			Business:        fullBusiness,
			IdentityNumbers: []beltic.IdentityNumber{identityNumber("0")},
			Contact:         fullContact,
			Address:         fullAddress,
			BehaviorAnalysis: beltic.BehaviorAnalysis{
				CompletionTimeSeconds:  beltic.Some(184.5),
				AutofillCancels:        beltic.Some(0.0),
				AutofillStarts:         beltic.Some(2.0),
				BotScore:               beltic.Some(0.03),
				ThreatLevel:            beltic.ThreatLevelLow,
				ShortcutCopies:         beltic.Some(1.0),
				ShortcutPastes:         beltic.Some(3.0),
				DistractionEvents:      beltic.Some(4.0),
				DevtoolsOpen:           beltic.Some(false),
				DebuggerAttached:       beltic.Some(false),
				RequestSpoofAttempts:   beltic.Some(0.0),
				UserAgentSpoofAttempts: beltic.Some(0.0),
				HesitationBaseline:     beltic.Some(1.25),
				HesitationCount:        beltic.Some(5.0),
				HesitationPercentage:   beltic.Some(12.5),
				HesitationTime:         beltic.Some(23.0),
			},
			CreatedAt:         moment(0),
			UpdatedAt:         moment(9),
			StartedAt:         moment(1),
			ExpiresAt:         moment(30),
			CompletedAt:       moment(5),
			FailedAt:          moment(6),
			MarkedForReviewAt: moment(7),
			DecisionedAt:      moment(8),
			ExpiredAt:         moment(30),
			RedactedAt:        moment(59),
		},
		Relationships: beltic.SessionRelationships{
			Account:        beltic.ToOne{ResourceRef: ref("account", "2")},
			Business:       beltic.ToOne{ResourceRef: ref("business", "3")},
			Documents:      beltic.ToMany{Data: []beltic.ResourceRef{ref("document", "4"), ref("document", "5")}},
			SessionDevices: beltic.ToMany{Data: []beltic.ResourceRef{ref("session_device", "6")}},
			Verifications:  beltic.ToMany{Data: []beltic.ResourceRef{ref("verification", "7"), ref("verification", "8")}},
		},
	}
}
