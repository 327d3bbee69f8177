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

// newAPIError reads what an error status came with.
func newAPIError(resp *transport.Response, advice map[int]string) *APIError {
	problems, requestID := jsonapi.Problems(resp.Body)
	e := &APIError{
		StatusCode: resp.StatusCode,
		RequestID:  resp.RequestID(),
		RetryAfter: resp.RetryAfter,
		Attempts:   resp.Attempts,
		NotRetried: NotRetriedReason(resp.NotRetried),
		Body:       resp.Body,
		Header:     resp.Header,
		advice:     cmp.Or(advice[resp.StatusCode], commonAdvice[resp.StatusCode]),
		RateLimit:  newRateLimit(resp.Header),
		stopped:    resp.Stopped,
	}
	if id := resp.Mask(requestID); e.RequestID == "" && transport.IsToken(id) {
		e.RequestID = id
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
