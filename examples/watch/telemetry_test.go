package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/belticlabs/beltic-go/beltictest"
)

// exposed is what a scrape of the metrics shows.
func exposed(m *metrics) string {
	recorder := httptest.NewRecorder()
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	return recorder.Body.String()
}

// troubled is a job that has met all kinds of things.
func troubled(j *job) {
	left := j.with(declined)
	j.move(left, "under_observation")
	j.decide()
	j.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(time.Second).Header("RateLimit-Remaining", "7"))
	j.Inject(beltictest.OnPage(2), beltictest.Reset())
	j.Inject(beltictest.OnPage(1).Times(2), beltictest.PoisonRecord())
	j.Inject(beltictest.OnPage(2), beltictest.UnknownField(), beltictest.MissingID().At(2))
	j.mustRound()
	j.Inject(beltictest.Always(), beltictest.Status(500))
	require.Error(j.t, j.round())
	j.ClearFaults()
	j.mustRound()
}

func TestMetricsAndSpansHoldNothingPersonal(t *testing.T) {
	var spans bytes.Buffer
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(&spans))
	require.NoError(t, err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	start(t, func(j *job) {
		j.provider = provider
		troubled(j)
		shown := exposed(j.metrics) + spans.String()
		require.Contains(t, shown, "/identity/sessions/{id}")
		secrets := map[string]bool{j.APIKey: true, "page[": true, "page%5B": true, "://": true, "beltic.test": true, "under_observation": true}
		for _, s := range j.Sessions.All() {
			secrets[s.ID] = true
			data, err := json.Marshal(s)
			require.NoError(t, err)
			var record any
			require.NoError(t, json.Unmarshal(data, &record))
			collect(record, secrets)
		}
		for _, r := range j.Requests() {
			for _, values := range r.Query {
				for _, value := range values {
					secrets[value] = len(value) > 1 // all but the page size
				}
			}
		}
		for id := range j.receiver.events {
			secrets[id] = true
		}
		assert.Greater(t, len(secrets), 1000)
		assert.True(t, secrets[string(declined)])
		for text, isSecret := range secrets {
			if isSecret && strings.Contains(shown, text) {
				assert.Fail(t, "shown: "+text)
			}
		}
	})
}

// collect finds the texts of a record, but for those that tell of nobody.
func collect(value any, texts map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if !strings.HasSuffix(name, "type") && name != "status" && name != "threat_level" {
				collect(member, texts)
			}
		}
	case []any:
		for _, element := range value {
			collect(element, texts)
		}
	case string:
		if _, err := time.Parse(time.RFC3339, value); err != nil && len(value) > 5 { // spans have times of their own
			texts[value] = true
		}
	}
}

func TestMetricsCountWhatHappened(t *testing.T) {
	start(t, func(j *job) {
		assert.Zero(t, testutil.CollectAndCount(j.metrics.remaining), "none was sent")
		troubled(j)
		shown := exposed(j.metrics)
		for _, line := range []string{
			`beltic_attempts_total{method="GET",outcome="429",route="/identity/sessions"} 1`,
			`beltic_attempts_total{method="GET",outcome="500",route="/identity/sessions"} 6`,
			`beltic_attempts_total{method="GET",outcome="connection",route="/identity/sessions"} 1`,
			`beltic_rate_limit_remaining{route="/identity/sessions"} 7`,
			`beltic_drifts_total{reason="unknown_member"} 1`,
			`beltic_drifts_total{reason="unknown_value"} 1`,
			`watch_passes_total{outcome="complete"} 3`,
			`watch_passes_total{outcome="failed"} 1`,
			`watch_events_total{type="session.status"} 3`,
			`watch_events_total{type="alarm.unknown_status"} 1`,
			`watch_deliveries_total{outcome="delivered"} 4`,
			`watch_deliveries_total{outcome="refused"} 0`,
			`watch_skipped_records_total 1`,
			`watch_outbox_events 0`,
			`beltic_retry_wait_seconds_count{method="GET",route="/identity/sessions"} 6`,
			`beltic_attempt_duration_seconds_count{method="GET",route="/identity/sessions/{id}"} 2`,
		} {
			assert.True(t, strings.Contains(shown, line+"\n"), line)
		}
		problems, err := testutil.GatherAndLint(j.metrics.registry)
		require.NoError(t, err)
		assert.Empty(t, problems)
	})
}

func TestEachAttemptHasASpanBelowItsPass(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t)
		j.provider, j.pageSize = provider, 100
		j.Inject(beltictest.Next(), beltictest.Latency(2*time.Second))
		j.Inject(beltictest.Next(), beltictest.Status(429).RetryAfter(3*time.Second))
		j.mustRound()
		spans := recorder.Ended()
		require.Len(t, spans, 4) // 429, 200, 200, pass
		pass := spans[3]
		assert.Equal(t, "pass", pass.Name())
		assert.False(t, pass.Parent().IsValid())
		for _, span := range spans[:3] {
			assert.Equal(t, []any{"GET /identity/sessions", trace.SpanKindClient, pass.SpanContext().SpanID(), pass.SpanContext().TraceID()},
				[]any{span.Name(), span.SpanKind(), span.Parent().SpanID(), span.SpanContext().TraceID()})
		}
		assert.Equal(t, 2*time.Second, spans[0].EndTime().Sub(spans[0].StartTime()))
		assert.Equal(t, 3*time.Second, spans[1].StartTime().Sub(spans[0].EndTime()))
		assert.Equal(t, codes.Error, spans[0].Status().Code)
		assert.ElementsMatch(t, []attribute.KeyValue{
			attribute.String("http.request.method", "GET"), attribute.String("url.template", "/identity/sessions"),
			attribute.Int("http.response.status_code", 429), attribute.String("error.type", "429"), attribute.Float64("beltic.wait_seconds", 3),
		}, spans[0].Attributes())
		assert.ElementsMatch(t, []attribute.KeyValue{
			attribute.String("http.request.method", "GET"), attribute.String("url.template", "/identity/sessions"),
			attribute.Int("http.response.status_code", 200), attribute.Int("http.request.resend_count", 1),
		}, spans[1].Attributes())
		assert.Equal(t, codes.Unset, pass.Status().Code)
	})
}
