package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var synthetic = event{ID: "evt_1", Type: gotStatus, Timestamp: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	Data: eventData{SessionID: "ses_1", Status: declined, Since: time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)}}

func TestARequestIsSignedByHMAC(t *testing.T) {
	var header http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	hook, err := newWebhook(server.URL+"/hook", secret)
	require.NoError(t, err)
	require.NoError(t, hook.send(t.Context(), synthetic))

	assert.JSONEq(t, `{"id":"evt_1","type":"session.status","timestamp":"2026-03-04T05:06:07Z",
		"data":{"session_id":"ses_1","status":"declined","since":"2026-03-04T05:06:00Z"}}`, string(body))
	assert.Equal(t, "evt_1", header.Get("Webhook-Id"))
	seconds, err := strconv.ParseInt(header.Get("Webhook-Timestamp"), 10, 64)
	require.NoError(t, err)
	assert.InDelta(t, time.Now().Unix(), seconds, 5)
	mac := hmac.New(sha256.New, []byte("synthetic secret of the tests"))
	fmt.Fprintf(mac, "evt_1.%d.%s", seconds, body)
	assert.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), header.Get("Webhook-Signature"))

	verifier := newReceiver(t).verifier
	require.NoError(t, verifier.Verify(body, header))
	require.Error(t, verifier.Verify([]byte(strings.ReplaceAll(string(body), "ses_1", "ses_2")), header))
	header.Set("Webhook-Timestamp", strconv.FormatInt(seconds-1, 10))
	require.Error(t, verifier.Verify(body, header))
	header.Set("Webhook-Id", "evt_2")
	require.Error(t, verifier.Verify(body, header))
}

func TestARedirectIsNotFollowed(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	hook, err := newWebhook(server.URL, secret)
	require.NoError(t, err)
	require.Equal(t, refusal{307}, hook.send(t.Context(), synthetic))
	assert.Equal(t, 1, calls)
}

// Webhooks of many products have a secret in their path.
func TestTheURLIsNotShown(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	hook, err := newWebhook(server.URL+"/hidden", secret)
	require.NoError(t, err)
	err = hook.send(t.Context(), synthetic)
	require.ErrorContains(t, err, "refused")
	assert.NotContains(t, err.Error(), "hidden")
}

func TestAWebhookNeedsASafeURLAndASecret(t *testing.T) {
	for _, address := range []string{"http://receiver.example.com/", "receiver.example.com", "ftp://127.0.0.1/", "https://", "https://example.com/%zz"} {
		_, err := newWebhook(address, secret)
		require.ErrorContains(t, err, "-webhook must be", address)
	}
	for _, address := range []string{"https://receiver.example.com/", "http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost/"} {
		_, err := newWebhook(address, secret)
		require.NoError(t, err, address)
	}
	for _, weak := range []string{"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", strings.Repeat("YWJj", 30)} {
		_, err := newWebhook("https://receiver.example.com/", weak)
		require.ErrorContains(t, err, "BELTIC_WEBHOOK_SECRET", weak)
		if weak != "" && weak != "whsec_" {
			assert.NotContains(t, err.Error(), weak)
		}
	}
}

func TestTheLogHasALineForEachEvent(t *testing.T) {
	var out strings.Builder
	log := newEventLog(&out)
	require.NoError(t, log.send(t.Context(), synthetic))
	require.NoError(t, log.send(t.Context(), event{ID: "evt_2", Type: unknownStatus, Timestamp: synthetic.Timestamp,
		Data: eventData{SessionID: "ses_2", Status: "under_observation"}}))
	lines := strings.Split(out.String(), "\n")
	require.Len(t, lines, 3)
	assert.JSONEq(t, `{"time":"2026-03-04T05:06:07Z","level":"INFO","msg":"session.status","event_id":"evt_1",
		"session_id":"ses_1","status":"declined","since":"2026-03-04T05:06:00Z"}`, lines[0])
	var alarm map[string]string
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &alarm))
	assert.Equal(t, []string{"WARN", "under_observation"}, []string{alarm["level"], alarm["status"]})
}

// A full disk is a receiver that is down.
func TestALineThatIsNotWrittenStaysInTheOutbox(t *testing.T) {
	start(t, func(j *job) {
		want := j.decide()
		hook := j.sink
		j.sink = newEventLog(brokenWriter{})
		require.ErrorIs(t, j.round(), errBroken)
		j.sink = hook
		j.mustRound()
		j.expect(want...)
	})
}

var errBroken = errors.New("no space left")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
