package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v86"
)

// newStripe lists charges, which are the nearest to a session in size and nesting.
func newStripe() *contender {
	transport := new(memory)
	client := stripe.NewClient("sk_test_0000_example", stripe.WithBackends(
		stripe.NewBackendsWithConfig(&stripe.BackendConfig{
			HTTPClient:        &http.Client{Transport: transport},
			LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
			MaxNetworkRetries: stripe.Int64(0),
		})))
	return &contender{
		name:    "stripe-go, V1Charges.List (charges)",
		slow:    true,
		atLeast: 10,
		foreign: chargePage,
		decode: func(body []byte) (any, error) {
			transport.body = body
			list := client.V1Charges.List(context.Background(), nil)
			return list, list.Err()
		},
		facts: func(decoded any) (lines []string) {
			for _, c := range decoded.(*stripe.V1List[*stripe.Charge]).Data() {
				card := c.PaymentMethodDetails.Card
				lines = append(lines, chargeFacts(c.ID, c.Amount, c.BillingDetails.Name, card.Last4,
					c.Outcome.SellerMessage, c.Metadata["order"]))
			}
			return lines
		},
	}
}

func chargeFacts(id string, amount int64, name, last4, message, order string) string {
	return fmt.Sprint(id, "|", amount, "|", name, "|", last4, "|", message, "|", order)
}

// chargePage is a page of charges with the members that a charge by card has.
func chargePage(like *page, seed uint64) *page {
	s := newScribe(seed)
	p := &page{records: like.records}
	var list []any
	for range like.records {
		charge := s.charge()
		pad(charge, "description", len(like.body)/like.records)
		list = append(list, charge)
		billing, metadata := charge["billing_details"].(object), charge["metadata"].(object)
		card := charge["payment_method_details"].(object)["card"].(object)
		p.facts = append(p.facts, chargeFacts(charge["id"].(string), int64(charge["amount"].(int)),
			billing["name"].(string), card["last4"].(string),
			charge["outcome"].(object)["seller_message"].(string), metadata["order"].(string)))
	}
	p.body = encode(object{"object": "list", "url": "/v1/charges", "has_more": true, "data": list})
	return p
}

type object = map[string]any

// pad makes a record about so long, if it is shorter, by its one text of any length.
func pad(record object, name string, length int) {
	short := length - len(encode(record)) - len(`,"":""`) - len(name)
	record[name] = strings.Repeat("made up ", max(short, 0)/len("made up "))
}

func (s *scribe) charge() object {
	address := object{
		"city": s.oneOf(s.places), "country": "XX", "line1": s.oneOf(s.streets),
		"line2": s.number("Unit "), "postal_code": s.number("0"), "state": "XA",
	}
	name := s.oneOf(s.first) + " " + s.oneOf(s.last)
	return object{
		"id": "ch_" + s.id(), "object": "charge", "amount": s.rng.IntN(1_000_000),
		"amount_captured": s.rng.IntN(1_000_000), "amount_refunded": 0, "application": nil,
		"application_fee": nil, "application_fee_amount": nil,
		"balance_transaction": "txn_" + s.id(),
		"billing_details": object{
			"address": address, "email": s.number("contact.") + "@example.com", "name": name,
			"phone": "+1-555-0100", "tax_id": nil,
		},
		"calculated_statement_descriptor": "EXAMPLE", "captured": true,
		"created": 1_700_000_000 + s.rng.IntN(10_000_000), "currency": "usd",
		"customer": "cus_" + s.id(), "disputed": false, "failure_balance_transaction": nil,
		"failure_code": nil, "failure_message": nil, "fraud_details": object{}, "livemode": false,
		"metadata": object{"order": s.number("order_"), "cart": s.number("cart_")},
		"outcome": object{
			"advice_code": nil, "network_advice_code": nil, "network_decline_code": nil,
			"network_status": "approved_by_network", "reason": nil, "risk_level": "normal",
			"risk_score": s.rng.IntN(100), "seller_message": s.number("Payment complete "),
			"type": "authorized",
		},
		"paid": true, "payment_intent": "pi_" + s.id(), "payment_method": "pm_" + s.id(),
		"payment_method_details": object{"type": "card", "card": object{
			"amount_authorized": s.rng.IntN(1_000_000), "authorization_code": s.number(""),
			"brand": "visa", "checks": object{
				"address_line1_check": "pass", "address_postal_code_check": "pass",
				"cvc_check": "pass",
			},
			"country": "XX", "exp_month": 1 + s.rng.IntN(12), "exp_year": 2030,
			"extended_authorization": object{"status": "disabled"}, "fingerprint": s.id(),
			"funding": "credit", "incremental_authorization": object{"status": "unavailable"},
			"installments": nil, "last4": fmt.Sprintf("%04d", s.rng.IntN(10_000)), "mandate": nil,
			"multicapture": object{"status": "unavailable"}, "network": "visa",
			"network_token": object{"used": false}, "network_transaction_id": s.number("1"),
			"overcapture": object{
				"maximum_amount_capturable": s.rng.IntN(1_000_000), "status": "unavailable",
			},
			"regulated_status": "unregulated", "three_d_secure": nil, "wallet": nil,
		}},
		"radar_options": object{}, "receipt_email": s.number("contact.") + "@example.com",
		"receipt_number": nil, "receipt_url": "https://pay.example.com/receipts/" + s.id(),
		"refunded": false, "review": nil, "shipping": object{
			"address": address, "carrier": nil, "name": name, "phone": "+1-555-0101",
			"tracking_number": s.number("T"),
		},
		"source": nil, "source_transfer": nil, "statement_descriptor": nil,
		"statement_descriptor_suffix": nil, "status": "succeeded", "transfer_data": nil,
		"transfer_group": nil,
	}
}
