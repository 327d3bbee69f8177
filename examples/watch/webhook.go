package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// webhook sends events as https://www.standardwebhooks.com says, so that the receiver can verify
// them with a library that is there already.
type webhook struct {
	url    string // may hold a secret: never shown
	key    []byte
	client *http.Client
}

const webhookTimeout = 10 * time.Second

func newWebhook(address, secret string) (*webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, errors.New("-webhook must be an https URL, or an http one on a loopback address")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("-webhook needs BELTIC_WEBHOOK_SECRET: whsec_ and 24 to 64 random bytes in base64 (openssl rand -base64 32)")
	}
	refuseRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &webhook{address, key, &http.Client{Timeout: webhookTimeout, CheckRedirect: refuseRedirect}}, nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// send posts an event. The time in the signature is that of the attempt, so that the receiver can
// refuse what somebody recorded and plays again.
func (w *webhook) send(ctx context.Context, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "beltic-watch/1")
	req.Header.Set("Webhook-Id", e.ID)
	req.Header.Set("Webhook-Timestamp", timestamp)
	req.Header.Set("Webhook-Signature", "v1,"+w.sign(e.ID, timestamp, body))
	resp, err := w.client.Do(req)
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("no response: %w", urlErr.Err) // without the URL
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	return outcome(resp)
}

func (w *webhook) sign(id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, w.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// outcome is nil if the event was taken, a refusal if another attempt would change nothing, and
// else the error of a receiver that is not well.
func outcome(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds >= 0 {
			return fmt.Errorf("status %d: %w", code, backoff.RetryAfter(seconds))
		}
		return fmt.Errorf("status %d", code)
	default:
		return refusal{code}
	}
}
