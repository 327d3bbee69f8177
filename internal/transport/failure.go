package transport

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Kind says what kind of failure kept a call from getting a response.
type Kind string

// The kinds of a [Failure].
const (
	KindCanceled   Kind = "canceled" // the caller's context was canceled
	KindDeadline   Kind = "deadline" // its deadline passed
	KindTimeout    Kind = "timeout"
	KindDNS        Kind = "dns"
	KindDial       Kind = "dial"
	KindTLS        Kind = "tls"
	KindProxy      Kind = "proxy"
	KindConnection Kind = "connection"
	KindBody       Kind = "body"
	KindTransport  Kind = "transport"
	KindOrigin     Kind = "origin"
	KindRateLimit  Kind = "rate_limit"
	KindKey        Kind = "api_key" // Cause says what is wrong with it
	KindRedirect   Kind = "redirect"
	KindEncoding   Kind = "encoding"
	KindHeaderSize Kind = "response_headers"
	KindBodySize   Kind = "response_body"
)

// Failure is why a call got no usable response.
type Failure struct {
	Kind       Kind
	Transient  bool
	Unsent     bool   // the request was never begun; what cannot be told apart was
	StatusCode int    // of a redirect
	Target     string // host that a redirect points to
	Limit      int64  // that the response broke, in bytes

	// Cause is what may be shown and unwrapped: an error whose text holds nothing that the caller
	// or the server wrote, or one of a type of the caller's own.
	Cause error
	// Is tells the whole cause apart without showing it; nil where there is no more than Cause.
	Is func(target error) bool
	// As finds the caller's own types in the whole cause; nil as Is.
	As func(target any) bool
}

func (f *Failure) Error() string { return string(f.Kind) }

// Ended is the outcome of a call whose context has ended before an attempt.
func Ended(ctx context.Context) *Response {
	kind := KindCanceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = KindDeadline
	}
	return &Response{Failure: &Failure{Kind: kind, Unsent: true}, Stopped: cancellation(ctx)}
}

// cancellation matches both the context's error and its cause.
func cancellation(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return errors.Join(err, cause)
}

// failed says how an attempt ended in an error, before or in the middle of a response.
func failed(ctx context.Context, err error) *Response {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return &Response{Failure: failure}
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTimeout):
		return &Response{Failure: &Failure{Kind: KindTimeout, Transient: true, Cause: os.ErrDeadlineExceeded}}
	case errors.Is(cause, errSentAgain):
		return &Response{Failure: &Failure{Kind: KindConnection}}
	case cause != nil:
		resp := Ended(ctx)
		resp.Failure.Unsent = false
		return resp
	}
	// net/http's wrapper prints the whole URL with its query.
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	failure := newFailure(err)
	failure.Kind, failure.Transient = classify(err)
	failure.Unsent = isUnsent(err)
	if failure.Kind == KindHeaderSize {
		failure.Limit = maxHeaderBytes
		for _, e := range tree(err) { // a caller's own limit
			_, _ = fmt.Sscanf(e.Error(), "net/http: server response headers exceeded %d bytes", &failure.Limit)
		}
	}
	return &Response{Failure: failure}
}

// newFailure shows of an error what is safe. The context of the call has not ended, so nothing
// matches the errors of one, as timeouts of net/http do.
func newFailure(err error) *Failure {
	return &Failure{
		Cause: showable(err),
		Is: func(target error) bool {
			return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(err, target)
		},
		As: func(target any) bool { return asOwn(err, target) },
	}
}

// brokenBody wraps what went wrong while a body was read, where any failure of the connection may
// pass.
type brokenBody struct{ error }

func (b brokenBody) Unwrap() error { return b.error }

func classify(err error) (kind Kind, transient bool) {
	op, isOp := errors.AsType[*net.OpError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, gzip.ErrHeader):
		return KindEncoding, false
	case is[brokenBody](err) && !IsTimeout(err):
		return KindBody, true
	case isProxyFailure(err):
		_, transient = classify(op.Err) // a proxy that cannot be reached is like a server that cannot, and may be back in a moment
		return KindProxy, transient
	case says(err, strings.Contains, "response headers exceeded", "header list larger"):
		return KindHeaderSize, false
	case isDNS:
		return KindDNS, !dns.IsNotFound && (dns.IsTimeout || dns.IsTemporary)
	case IsTimeout(err):
		return KindTimeout, true
	case isTLSFailure(err):
		return KindTLS, false
	case isOp && op.Op == "dial":
		return KindDial, true
	case isConnectionFailure(err):
		return KindConnection, true
	default:
		return KindTransport, false
	}
}

// isUnsent finds the failures that come before a request. Other failures of TLS may come after it.
func isUnsent(err error) bool {
	op, isOp := errors.AsType[*net.OpError](err)
	return isOp && op.Op == "dial" || is[*net.DNSError](err) || isProxyFailure(err) || isUntrusted(err)
}

// IsTimeout reports an error that says that time ran out.
func IsTimeout(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}

func isProxyFailure(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "proxyconnect" || strings.HasPrefix(op.Op, "socks"))
}

// isUntrusted finds a certificate that was refused.
func isUntrusted(err error) bool {
	return is[*tls.CertificateVerificationError](err) || is[x509.UnknownAuthorityError](err) ||
		is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err)
}

func isTLSFailure(err error) bool {
	return isUntrusted(err) || is[tls.RecordHeaderError](err) || is[tls.AlertError](err) ||
		says(err, strings.Contains, "tls: ", "server gave HTTP response to HTTPS client")
}

var connectionErrors = []error{
	io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
}

// isConnectionFailure finds a connection that broke.
func isConnectionFailure(err error) bool {
	matches := func(target error) bool { return errors.Is(err, target) }
	return slices.ContainsFunc(connectionErrors, matches) ||
		says(err, strings.HasPrefix, "http2: ", "stream error: ", "connection error: ") ||
		says(err, strings.Contains, "server closed idle connection", "transport connection broken")
}

// says finds the errors of net/http that have no exported types, only texts. A caller's transport may
// have wrapped them.
func says(err error, matches func(text, part string) bool, parts ...string) bool {
	return slices.ContainsFunc(tree(err), func(e error) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return matches(e.Error(), part) })
	})
}

// showable finds the part of an error whose type is known to print nothing of the request or the
// response. The text of any other error, such as net/http's "malformed HTTP response", may quote
// either.
func showable(err error) error {
	if own := ownCause(err); own != nil {
		return own
	}
	// These two name the host, and a proxy's is not to be shown.
	if !isProxyFailure(err) {
		if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
			return e
		}
		if e, ok := errors.AsType[*net.DNSError](err); ok {
			bare := *e
			bare.UnwrapErr = nil // may be the error of a context of the resolver's own
			return &bare
		}
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e
	}
	for _, e := range []error{errNilPointer, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, os.ErrDeadlineExceeded} {
		if errors.Is(err, e) {
			return e
		}
	}
	if IsTimeout(err) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
