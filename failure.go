package beltic

import (
	"cmp"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
	"github.com/belticlabs/beltic-go/internal/transport"
)

// failure gives a call without a response its public error.
func (c *Client) failure(resp *transport.Response) error {
	f := resp.Failure
	switch f.Kind {
	case transport.KindKey:
		return f.Cause
	case transport.KindRedirect:
		return &RedirectError{StatusCode: f.StatusCode, From: c.base.Host, To: resp.Mask(f.Target)}
	case transport.KindBodySize, transport.KindHeaderSize:
		return &LimitError{Limit: LimitKind(f.Kind), Max: f.Limit}
	case transport.KindEncoding:
		return &DecodeError{Reason: ReasonEncoding, Detail: "the body is compressed in a way that was not asked for"}
	}
	return &TransportError{
		Kind:       FailureKind(f.Kind),
		Host:       c.base.Host,
		Attempts:   resp.Attempts,
		NotRetried: NotRetriedReason(resp.NotRetried),
		stopped:    resp.Stopped,
		cause:      f.Cause,
		is:         f.Is,
		as:         f.As,
	}
}

// newAPIError reads what an error status came with. The advice is that of the call for the status.
func newAPIError(resp *transport.Response, advice string) *APIError {
	problems, requestID := jsonapi.Problems(resp.Body)
	e := &APIError{
		StatusCode: resp.StatusCode,
		RequestID:  resp.RequestID(),
		RetryAfter: resp.RetryAfter,
		Attempts:   resp.Attempts,
		NotRetried: NotRetriedReason(resp.NotRetried),
		Body:       resp.Body,
		Header:     resp.Header,
		advice:     cmp.Or(advice, commonAdvice[resp.StatusCode]),
		RateLimit:  newRateLimit(resp.Header),
		stopped:    resp.Stopped,
	}
	if id := resp.Mask(requestID); e.RequestID == "" && transport.IsToken(id) {
		e.RequestID = id
	}
	if advice != "" && len(problems) > 0 && isNamed(problems[0]) {
		e.advice = "check what the server names"
	}
	for _, p := range problems {
		e.Errors = append(e.Errors, ErrorObject{
			ID:     resp.Mask(string(p.ID)),
			Status: resp.Mask(string(p.Status)),
			Code:   resp.Mask(string(p.Code)),
			Title:  string(p.Title),
			Detail: string(p.Detail),
			Source: ErrorSource{
				Pointer:   resp.Mask(string(p.Source.Pointer)),
				Parameter: resp.Mask(string(p.Source.Parameter)),
				Header:    resp.Mask(string(p.Source.Header)),
			},
			Meta: p.Meta,
		})
	}
	return e
}

// isNamed reports an error that names a part of the request, which says more than any advice. A
// cursor is one that may have expired.
func isNamed(p jsonapi.Problem) bool {
	parameter := string(p.Source.Parameter)
	isCursor := parameter == forward.parameter() || parameter == backward.parameter()
	return (parameter != "" || p.Source.Pointer != "") && !isCursor
}
