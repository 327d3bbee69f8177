package main

import beltic "github.com/belticlabs/beltic-go"

// What the full session and the full account have in common.
var (
	fullPerson = beltic.Person{
		Name:      beltic.PersonName{First: "Exemplar", Middle: "Quill", Last: "Fixtureton"},
		BirthDate: "1990-05-15",
	}
	fullBusiness = beltic.Business{
		LegalName:        "Fixture Example Ltd",
		RegistrationDate: "2001-02-03",
		Shareholders: []beltic.Shareholder{{
			Name:              "Specimen Placeholder",
			ShareholderType:   "individual",
			DateOfBirth:       "1985-01-31",
			IDType:            "passport",
			IDNumber:          "X0000001",
			NumberOfShare:     "1000",
			PercentageOfShare: beltic.Some(62.5),
		}},
	}
	fullContact = beltic.Contact{Email: "exemplar.fixtureton@example.com", Phone: "+12025550100"}
	fullAddress = beltic.Address{
		Line1:              "1 Example Street",
		Line2:              "Unit 0",
		Sublocality:        "Sampleside",
		Locality:           "Testville",
		AdministrativeArea: "Placeholder County",
		PostalCode:         "00000",
		CountryCode:        "XX",
	}
)

func identityNumber(lastDigit string) beltic.IdentityNumber {
	return beltic.IdentityNumber{
		Number:             "X000000" + lastDigit,
		IssuingCountryCode: "XX",
		Class:              "passport",
		CreatedAt:          moment(3),
		UpdatedAt:          moment(4),
	}
}
