package beltic

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// Option changes a [Client] while it is made.
type Option func(*config) error

type config struct {
	transport.Config // a nil Key is that of NewClient

	baseURL   string
	logger    *slog.Logger
	onAttempt func(context.Context, Attempt)
	onDrift   func(context.Context, Drift)
}

// WithBaseURL replaces [DefaultBaseURL]. A path prefix is kept. The URL must be https and without
// user information, query and fragment. It may be http if its host is localhost, in any case, or a
// loopback address (127.0.0.0/8, ::1); http to localhost. or x.localhost is refused, because DNS
// decides where they lead. The library's own transport never sends loopback requests to a proxy.
func WithBaseURL(base string) Option {
	return func(c *config) error {
		c.baseURL = base
		return nil
	}
}

// WithKeyFunc asks f for the API key before every attempt, so that a service can rotate its keys
// without a restart; the key that was given to [NewClient] is not used then. Calls on several
// goroutines ask f at once. The time that f takes counts against [WithTimeout] but f cannot be
// interrupted: it should return a cached key, not do I/O.
//
// Where NewClient would refuse the key, the call ends with the same [*ConfigError]: nothing is sent
// and f is not asked again. After a 401 ([ErrUnauthorized]) f is not asked again within the call
// either. A nil f is a ConfigError.
func WithKeyFunc(f func() string) Option {
	return func(c *config) error {
		c.Key = func() (string, error) {
			key := f()
			return key, checkKey(key)
		}
		return refuse(f == nil, "key function", "is nil")
	}
}

// WithHTTPClient sends through a copy of client, which is itself never changed. Its Timeout bounds
// each attempt, beside [WithTimeout]; redirects are refused, whatever its CheckRedirect says. Its
// transport brings its own limits on connections, handshakes and response headers. Nil means the
// library's own client.
//
// A [*TransportError] shows an error of the transport if its type is your own, and so are the types
// of all errors that it wraps or holds in a field; those of the standard library and golang.org are
// not. If its text repeats the key, a cursor, a filter or an id, "[redacted]" stands in its place.
// All other errors stay hidden, those of [errors.New] and [fmt.Errorf] too: they may come from
// net/http and quote the URL, the proxy or the server. [errors.Is] matches every error, [errors.As]
// finds those of your own types.
//
// A write that got no answer is not sent again by net/http, nor by a transport that retries over it.
// A transport that sends a write again after an error status, or by other means, can do it twice: the
// library cannot tell.
//
// A transport that follows redirects by itself, such as one that wraps another [http.Client] or,
// under GOOS=js, wraps a browser's fetch, has taken the key along to where it was sent: its
// response is refused with a [*RedirectError], but the key is out. So is the response of a
// transport that rewrites the URL and leaves the rewritten request in the response.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		own := *cmp.Or(client, transport.NewHTTPClient())
		c.Client = &own
		return cmp.Or(
			refuse(transport.IsNil(own.Transport), "http client", "has a transport that is a nil value in an interface"),
			refuse(own.Timeout < 0, "http client", "has a negative timeout"),
		)
	}
}

// maxMaxRetries bounds how long one call can go on against a server that is down: 100 waits of at
// most 8 s, or of what the server asks for.
const maxMaxRetries = 100

// WithMaxRetries says how often a failed call is tried again: 2 without this option, up to 100. 0
// is never, and then a 429 does not hold the client's other calls either. Whatever the number, all
// calls of a client share a budget: one retry for every five calls of the last ten seconds or so,
// and three a second on top. Retries that wait as long as the server asked for (Retry-After) are
// free.
func WithMaxRetries(n int) Option {
	return func(c *config) error {
		c.MaxRetries = n
		return cmp.Or(
			refuse(n < 0, "max retries", "is negative"),
			refuse(n > maxMaxRetries, "max retries", "is more than 100"),
		)
	}
}

// WithTimeout bounds one attempt of a call, from the dial to the last byte of the response: 30 s
// without this option. 0 is that default too, not "at once" and not "never". To bound a whole call
// with its retries, give it a context with a deadline.
//
// Waits for [WithRateLimit] and [WithLimiter] are not part of the attempt. Those of a rate limiter
// in a transport of your own (see [WithHTTPClient]) are.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		c.Timeout = cmp.Or(d, defaultTimeout)
		return refuse(d < 0, "timeout", "is negative")
	}
}

// WithRateLimit lets at most perSecond attempts a second start, over time, and up to burst of them
// at once; without this option there is no limit. All calls of the client share it, on however many
// goroutines: retries go first, other attempts in the order in which they ask. Retries count,
// because the server counts them too. What the API's own limits are is undocumented.
//
// The wait is part neither of what [WithTimeout] bounds nor of the duration that is logged. It ends
// when the context does. A wait that would not end before the context's deadline is not begun: the
// call fails at once with a [*TransportError] of [KindRateLimit] or, if an earlier attempt got a
// response, with its [*APIError]. Neither matches [context.DeadlineExceeded], because the context
// has not ended. The same holds for the wait after a 429 (see the package documentation). For a limit
// that several clients or machines share, see [WithLimiter].
//
// Both must be positive: any finite rate above 0, such as 0.5 for one attempt in two seconds, and a
// burst of at least 1.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(c *config) error {
		c.PerSecond, c.Burst = perSecond, burst
		isRate := perSecond > 0 && !math.IsInf(perSecond, 1) // NaN is not above 0
		return cmp.Or(
			refuse(!isRate, "rate limit", "is not a finite number of attempts a second above 0"),
			refuse(burst < 1, "rate limit", "has a burst of less than 1"),
		)
	}
}

// WithLimiter asks l before each attempt, for a limit that several clients or machines share:
// anything whose Wait blocks until an attempt may start, such as a
// [golang.org/x/time/rate.Limiter]. It is asked after [WithRateLimit] and the wait after a 429, on
// many goroutines at once. Its wait is not part of what [WithTimeout] bounds; it should end when the
// context does.
//
// An error of Wait ends the call with a [*TransportError] of [KindRateLimit], in which [errors.Is]
// finds it. It is shown as an error of your own transport is (see [WithHTTPClient]). If the context
// has ended by then, the call ends as every call does whose context ends. A nil l is a
// [*ConfigError].
func WithLimiter(l interface{ Wait(context.Context) error }) Option {
	return func(c *config) error {
		c.Limiter = l
		return refuse(l == nil || transport.IsNil(l), "limiter", "is nil")
	}
}

// WithUserAgent puts the name of your program, such as "my-service/1.2", before the library's
// own in User-Agent, which is "beltic-go/" and the version that the program was built with, or
// "devel" if it was built with a copy.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		c.UserAgent = product + " " + libraryAgent()
		problem := headerProblem(product)
		return refuse(problem != "", "user agent", problem)
	}
}

// libraryAgent names the version that Go wrote into the program, which is the tag that its go.mod
// requires, so that no file of the library has to change for a release.
var libraryAgent = sync.OnceValue(func() string {
	version := "devel" // in the library's own tests, and for a copy that a go.work or replace directive names
	info, _ := debug.ReadBuildInfo()
	for _, module := range cmp.Or(info, &debug.BuildInfo{}).Deps {
		number, isNumbered := strings.CutPrefix(module.Version, "v") // in a go.work it is "(devel)"
		if module.Path == "github.com/belticlabs/beltic-go" && module.Replace == nil && isNumbered {
			version = number
		}
	}
	return "beltic-go/" + version
})

// WithLogger writes one line for each attempt: method, route, attempt, duration, and status and
// request id or the kind of failure; never a URL, header or body. An attempt that failed is a
// warning. Any other is at debug level, and so is one that ended with the context of its call. A
// [Drift] is a line at info level. Nil, the default, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.logger = logger
		return nil
	}
}

// WithObserver calls f after each attempt of a call, for metrics and traces: with the context of the
// call, so that a span hangs below the caller's, and on the goroutine of the call, for many calls at
// once, so f must be safe for concurrent use and quick. Nil, the default, observes nothing.
func WithObserver(f func(context.Context, Attempt)) Option {
	return func(c *config) error {
		c.onAttempt = f
		return nil
	}
}

// WithDriftObserver calls f when a response has something that this version of the library does not
// know, once for each place. It is called like the function of [WithObserver]. Nil, the default,
// observes nothing.
func WithDriftObserver(f func(context.Context, Drift)) Option {
	return func(c *config) error {
		c.onDrift = f
		return nil
	}
}

// WithMaxResponseBytes bounds the body of one response after decompression: 8 MiB without this
// option. 0 is that default too, not "nothing" and not "no bound".
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		c.MaxBody = cmp.Or(n, defaultMaxBody)
		return refuse(n < 0, "max response bytes", "is negative")
	}
}

func checkKey(key string) error {
	problem := headerProblem(key)
	switch {
	case key == "":
		problem = "is empty; get one at https://console.beltic.com/"
	case strings.TrimSpace(key) == "":
		problem = "is blank"
	case len(key) > maxKey:
		problem = "is too long"
	}
	return refuse(problem != "", "api key", problem)
}

// headerProblem says why a text is not fit to be a header value, or "".
func headerProblem(value string) string {
	switch {
	case strings.TrimSpace(value) != value:
		return "has white space around it (was it read from a file?)"
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has a control character in it"
	case strings.ContainsFunc(value, func(r rune) bool { return r > '~' }):
		return "has a character in it that is not ASCII"
	case value == "":
		return "is empty"
	default:
		return ""
	}
}

// parseBaseURL never passes on the error of [url.Parse], which quotes the URL with its password.
func parseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	problem := ""
	switch {
	case text == "":
		problem = "is empty"
	case strings.TrimSpace(text) != text:
		problem = "has white space around it (was it read from a file?)"
	case err != nil:
		problem = "is not a URL"
	case base.Scheme != "https" && base.Scheme != "http":
		problem = "must start with https://"
	case base.Hostname() == "":
		problem = "has no host"
	case strings.HasSuffix(base.Host, ":"), base.Port() != "" && !isPort(base.Port()):
		problem = "has an invalid port"
	case base.User != nil:
		problem = "has user information in it"
	case base.RawQuery != "" || base.ForceQuery:
		problem = "has a query"
	case base.Fragment != "" || strings.Contains(text, "#"):
		problem = "has a fragment"
	case base.Scheme == "http" && !transport.IsLoopback(base.Hostname()):
		problem = "must be https, or http to localhost or a loopback address: http sends the API key in the clear"
	}
	if problem != "" {
		return nil, &ConfigError{Field: "base URL", Problem: problem}
	}
	base = base.JoinPath("/")
	base.Path, base.RawPath = strings.TrimSuffix(base.Path, "/"), strings.TrimSuffix(base.RawPath, "/") // what is joined to it begins with one
	return base, nil
}

func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
