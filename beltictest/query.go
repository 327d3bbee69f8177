package beltictest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	beltic "github.com/belticlabs/beltic-go"
)

// query is what a request asks of the list.
type query struct {
	filter   filter
	size     int
	cursor   cursor // the start of the list where none was sent
	backward bool   // the page in front of the cursor instead of the one behind it
	total    bool
}

// parameterError says what is wrong with a query parameter.
type parameterError struct{ parameter, problem, code string }

// The query parameters of the reference page. Others are refused, because a misspelled one would
// otherwise go unnoticed.
const (
	paramSize          = "page[size]"
	paramAfter         = "page[after]"
	paramBefore        = "page[before]"
	paramTotal         = "page[total]"
	paramStatus        = "status"
	paramEntityType    = "entity_type"
	paramAccount       = "filter[account]"
	paramSessionDevice = "filter[session_device]"
)

var parameters = []string{
	paramSize, paramAfter, paramBefore, paramTotal, paramStatus, paramEntityType, paramAccount, paramSessionDevice,
}

var statuses = []string{
	string(beltic.SessionStatusCreated), string(beltic.SessionStatusStarted), string(beltic.SessionStatusPending),
	string(beltic.SessionStatusCompleted), string(beltic.SessionStatusFailed), string(beltic.SessionStatusMarkedForReview),
	string(beltic.SessionStatusApproved), string(beltic.SessionStatusDeclined), string(beltic.SessionStatusExpired),
}

var entityTypes = []string{string(beltic.EntityTypePerson), string(beltic.EntityTypeBusiness)}

// parseQuery checks a query as the reference page describes it.
func (c config) parseQuery(values url.Values) (query, *parameterError) {
	q := query{filter: filterOf(values), size: c.defaultSize, cursor: cursor{IsStart: true}}
	if unknown := unknownParameters(values); len(unknown) > 0 {
		return q, &parameterError{parameter: unknown[0], problem: "is not a parameter of this list"}
	}
	for _, name := range parameters {
		sent := values[name]
		if len(sent) > 1 {
			return q, &parameterError{parameter: name, problem: "was sent more than once"}
		}
		if len(sent) == 0 {
			continue
		}
		if err := c.parseParameter(&q, name, sent[0]); err != nil {
			err.parameter = name
			return q, err
		}
	}
	if values.Has(paramAfter) && values.Has(paramBefore) {
		return q, &parameterError{parameter: paramBefore, problem: "cannot be combined with " + paramAfter}
	}
	return q, nil
}

// unknownParameters are the names that the reference page does not have, sorted.
func unknownParameters(values url.Values) []string {
	isKnown := func(name string) bool { return slices.Contains(parameters, name) }
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), isKnown)
}

func (c config) parseParameter(q *query, name, value string) (err *parameterError) {
	switch name {
	case paramSize:
		q.size, err = parseSize(value, c.maxSize)
	case paramAfter, paramBefore:
		q.backward = name == paramBefore
		q.cursor, err = c.redeem(value)
	case paramTotal:
		q.total, err = value == "true", oneOf(value, "true", "false")
	case paramStatus:
		err = oneOf(value, statuses...)
	case paramEntityType:
		err = oneOf(value, entityTypes...)
	default:
		if value == "" {
			err = &parameterError{problem: "is empty"}
		}
	}
	return err
}

func parseSize(value string, maximum int) (int, *parameterError) {
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	if value == "" || strings.TrimFunc(value, isDigit) != "" {
		return 0, &parameterError{problem: "must be a number"}
	}
	size, err := strconv.Atoi(value)
	if err != nil || size < 1 || size > maximum {
		return 0, &parameterError{problem: fmt.Sprintf("must be from 1 to %d", maximum)}
	}
	return size, nil
}

func oneOf(value string, allowed ...string) *parameterError {
	if slices.Contains(allowed, value) {
		return nil
	}
	return &parameterError{problem: "must be one of " + strings.Join(allowed, ", ")}
}

// filter chooses the sessions of a list; "" is any.
type filter struct{ status, entityType, account, sessionDevice string }

func filterOf(values url.Values) filter {
	return filter{values.Get(paramStatus), values.Get(paramEntityType), values.Get(paramAccount), values.Get(paramSessionDevice)}
}

func (f filter) matches(s *beltic.Session) bool {
	isDevice := func(ref beltic.ResourceRef) bool { return ref.ID == f.sessionDevice }
	return (f.status == "" || f.status == string(s.Status)) &&
		(f.entityType == "" || f.entityType == string(s.EntityType)) &&
		(f.account == "" || f.account == s.Relationships.Account.ID) &&
		(f.sessionDevice == "" || slices.ContainsFunc(s.Relationships.SessionDevices.Data, isDevice))
}

// parameter is the one that holds the cursor.
func (q query) parameter() string {
	if q.backward {
		return paramBefore
	}
	return paramAfter
}
