package ecosystem

import (
	"context"
	"net/http"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type hiddenURL struct{}

// traced gives otelhttp the host alone, and the transport after it the URL.
func traced(transport http.RoundTripper, opts ...otelhttp.Option) http.RoundTripper {
	shows := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL, _ = r.Context().Value(hiddenURL{}).(*url.URL)
		return transport.RoundTrip(r)
	})
	traces := otelhttp.NewTransport(shows, opts...)
	return roundTripFunc(func(r *http.Request) (*http.Response, error) {
		hidden := r.Clone(context.WithValue(r.Context(), hiddenURL{}, r.URL))
		hidden.URL = &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}
		resp, err := traces.RoundTrip(hidden)
		if resp != nil {
			resp.Request = r // or the client takes it for a response of another URL
		}
		return resp, err
	})
}
