package main

import (
	"context"
	"net/http"

	"github.com/belticlabs/beltic-go"
)

const testKey = "sk_staging_0000_example"

// newClient is a client of this library over a transport in memory.
func newClient(transport http.RoundTripper, options ...beltic.Option) *beltic.Client {
	httpClient := &http.Client{Transport: transport}
	client, err := beltic.NewClient(testKey, append(options, beltic.WithHTTPClient(httpClient))...)
	if err != nil {
		panic(err) // the options are constant
	}
	return client
}

func sized(size int) *beltic.SessionListOptions {
	return &beltic.SessionListOptions{Page: beltic.PageOptions{Size: size}}
}

func newLibrary(size int) *contender {
	transport := new(memory)
	client := newClient(transport)
	return &contender{
		name: usName,
		decode: func(body []byte) (any, error) {
			transport.body = body
			return client.Sessions.List(context.Background(), sized(size))
		},
		facts: func(decoded any) (lines []string) {
			for _, s := range decoded.(*beltic.Page[beltic.Session]).Data {
				lines = append(lines, sessionFacts(&s))
			}
			return lines
		},
	}
}

func sessionFacts(s *beltic.Session) string {
	holder, number, document := "", "", ""
	if len(s.Business.Shareholders) > 0 {
		holder = s.Business.Shareholders[0].Name
	}
	if len(s.IdentityNumbers) > 0 {
		number = s.IdentityNumbers[0].Number
	}
	if len(s.Relationships.Documents.Data) > 0 {
		document = s.Relationships.Documents.Data[0].ID
	}
	return facts(s.ID, string(s.Status), s.Person.Name.First, holder, number, s.Contact.Email,
		document, s.BehaviorAnalysis.HesitationTime.Or(0),
		s.BehaviorAnalysis.DevtoolsOpen.Or(false), s.CreatedAt, s.RedactedAt)
}
