package beltic

import (
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/belticlabs/beltic-go/internal/transport"
)

// DefaultBaseURL is the API's one base URL; the key's prefix chooses between production and
// staging.
const DefaultBaseURL = "https://api.beltic.com/v1"

// The limits that hold where no option says otherwise, and those that have no option.
const (
	defaultMaxRetries = 2
	defaultTimeout    = 30 * time.Second
	defaultMaxBody    = 8 << 20
	idleTimeout       = 10 * time.Second
	maxErrorBody      = 64 << 10
	defaultMaxItems   = 1000
	defaultPageSize   = 15      // the API's
	maxKey            = 4 << 10 // bytes
)

// Client calls the Beltic API. Make one with [NewClient] or [NewClientFromEnv] and keep it: it is
// safe for concurrent use, and holds the connections, the retry budget and the rate limit that its
// calls share. It cannot print its key.
type Client struct {
	Sessions *SessionsService // identity sessions
	Accounts *AccountsService // the persons and businesses that they verify

	base  *url.URL
	send  transport.Handler
	http  *http.Client
	drift *driftLog
}

// NewClient makes a client that authenticates with apiKey. It does no network and reads no
// environment variable. It fails with a [*ConfigError] if the key cannot be a header value (empty,
// blank, control characters, white space around it) or an option is out of range. A nil option is
// skipped. With [WithKeyFunc] apiKey is not looked at.
func NewClient(apiKey string, opts ...Option) (*Client, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return c.client(apiKey)
}

func newConfig(opts []Option) (config, error) {
	c := config{baseURL: DefaultBaseURL, Config: transport.Config{
		Client:       transport.NewHTTPClient(),
		UserAgent:    libraryAgent(),
		MaxRetries:   defaultMaxRetries,
		Timeout:      defaultTimeout,
		IdleTimeout:  idleTimeout,
		MaxBody:      defaultMaxBody,
		MaxErrorBody: maxErrorBody,
	}}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// NewClientFromEnv is [NewClient] with the key in BELTIC_API_KEY and, if it is set, the base URL in
// BELTIC_BASE_URL. Options win over the environment; with [WithKeyFunc] no key needs to be there.
func NewClientFromEnv(opts ...Option) (*Client, error) {
	if base := os.Getenv("BELTIC_BASE_URL"); base != "" {
		opts = append([]Option{WithBaseURL(base)}, opts...)
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	key := os.Getenv("BELTIC_API_KEY")
	if key == "" && c.Key == nil {
		return nil, &ConfigError{Field: "BELTIC_API_KEY", Problem: "is not set; get a key at https://console.beltic.com/"}
	}
	return c.client(key)
}

func (c config) client(apiKey string) (*Client, error) {
	if c.Key == nil {
		if err := checkKey(apiKey); err != nil {
			return nil, err
		}
		c.Key = func() (string, error) { return apiKey, nil } // what prints or walks the client finds no text behind it
	}
	base, err := parseBaseURL(c.baseURL)
	if err != nil {
		return nil, err
	}
	c.Origin, c.Observe = base, c.observe
	client := &Client{base: base, send: transport.New(c.Config), http: c.Client}
	client.drift = &driftLog{logger: c.logger, onDrift: c.onDrift, told: map[Drift]bool{}}
	client.Sessions = &SessionsService{client}
	client.Accounts = &AccountsService{client}
	return client, nil
}

// CloseIdleConnections closes the connections that no call is using. The client stays usable.
func (c *Client) CloseIdleConnections() {
	if c != nil && c.http != nil {
		c.http.CloseIdleConnections()
	}
}
