package main

import beltic "github.com/belticlabs/beltic-go"

// fullAccount has every documented field, which no one account of the API does.
func fullAccount() beltic.Account {
	return beltic.Account{
		ID: accountID,
		AccountAttributes: beltic.AccountAttributes{
			Status:          beltic.AccountStatusActive,
			EntityType:      beltic.EntityTypePerson,
			ExternalID:      "customer_example",
			Person:          fullPerson,
			Business:        fullBusiness,
			IdentityNumbers: []beltic.IdentityNumber{identityNumber("0"), identityNumber("1")},
			Contact:         fullContact,
			Address:         fullAddress,
			CreatedAt:       moment(0),
			UpdatedAt:       moment(9),
			RedactedAt:      moment(59),
		},
		Relationships: beltic.AccountRelationships{
			Sessions:  beltic.ToMany{Data: []beltic.ResourceRef{ref("session", "1")}},
			Documents: beltic.ToMany{Data: []beltic.ResourceRef{ref("document", "4"), ref("document", "5")}},
		},
	}
}
