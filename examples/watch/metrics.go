package main

import (
	"cmp"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/belticlabs/beltic-go"
)

// metrics are for Prometheus. Labels have a few values each: no id, no cursor, no filter.
type metrics struct {
	registry *prometheus.Registry

	attempts  *prometheus.CounterVec   // by method, route and outcome
	durations *prometheus.HistogramVec // by method and route
	waits     *prometheus.HistogramVec // by method and route
	remaining *prometheus.GaugeVec     // by route; there is none until the API sends one
	drifts    *prometheus.CounterVec   // by reason

	passes       *prometheus.CounterVec // by outcome
	passDuration prometheus.Observer
	lastPass     prometheus.Gauge
	events       *prometheus.CounterVec // by type
	skipped      prometheus.Counter
	deliveries   *prometheus.CounterVec // by outcome
	sessions     prometheus.Gauge
	outbox       prometheus.Gauge
}

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	of := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return of.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return of.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	seconds := func(name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
		return of.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, labels)
	}
	toMinute, toHour := prometheus.ExponentialBuckets(0.01, 2, 14), prometheus.ExponentialBuckets(0.01, 4, 10)
	m := &metrics{
		registry:  registry,
		attempts:  counter("beltic_attempts_total", "Attempts of calls, by their status or why there is none.", "method", "route", "outcome"),
		durations: seconds("beltic_attempt_duration_seconds", "From the dial to the last byte of an attempt.", toMinute, "method", "route"),
		waits:     seconds("beltic_retry_wait_seconds", "Waits before a further attempt.", toMinute, "method", "route"),
		remaining: of.NewGaugeVec(prometheus.GaugeOpts{Name: "beltic_rate_limit_remaining",
			Help: "Requests left in the window, by the last response that said so."}, []string{"route"}),
		drifts: counter("beltic_drifts_total", "Members and values that this version of the library does not know.", "reason"),

		passes:       counter("watch_passes_total", "Passes over all watched statuses.", "outcome"),
		passDuration: seconds("watch_pass_duration_seconds", "How long a pass took.", toHour).WithLabelValues(),
		lastPass:     gauge("watch_last_complete_pass_timestamp_seconds", "When the last complete pass ended. Alarm on its age."),
		events:       counter("watch_events_total", "Events that were written to the outbox.", "type"),
		skipped:      of.NewCounter(prometheus.CounterOpts{Name: "watch_skipped_records_total", Help: "Records without a readable id and status."}),
		deliveries:   counter("watch_deliveries_total", "Attempts to deliver an event.", "outcome"),
		sessions:     gauge("watch_sessions", "Sessions in a watched status."),
		outbox:       gauge("watch_outbox_events", "Events that wait to be delivered. Alarm where it stays above 0."),
	}
	m.startAtZero()
	return m
}

// startAtZero shows the counters before they count: the first alarm would otherwise be no increase.
func (m *metrics) startAtZero() {
	for counter, labels := range map[*prometheus.CounterVec][]string{
		m.drifts:     {string(beltic.DriftMember), string(beltic.DriftValue)},
		m.passes:     {"complete", "failed"},
		m.events:     {gotStatus, unknownStatus},
		m.deliveries: {"delivered", "refused", "failed"},
	} {
		for _, label := range labels {
			counter.WithLabelValues(label)
		}
	}
}

// attempt counts an attempt of a call.
func (m *metrics) attempt(a beltic.Attempt) {
	m.attempts.WithLabelValues(a.Method, a.Route, cmp.Or(string(a.Failure), strconv.Itoa(a.StatusCode))).Inc()
	m.durations.WithLabelValues(a.Method, a.Route).Observe(a.Duration.Seconds())
	if a.Wait > 0 {
		m.waits.WithLabelValues(a.Method, a.Route).Observe(a.Wait.Seconds())
	}
	if n, ok := a.RateLimit.Remaining.Get(); ok {
		m.remaining.WithLabelValues(a.Route).Set(float64(n))
	}
}

func (m *metrics) pass(took time.Duration, err error) {
	m.passDuration.Observe(took.Seconds())
	if err != nil {
		m.passes.WithLabelValues("failed").Inc()
		return
	}
	m.passes.WithLabelValues("complete").Inc()
	m.lastPass.SetToCurrentTime()
}

func (m *metrics) delivery(err error) {
	outcome := "delivered"
	if _, ok := errors.AsType[refusal](err); ok {
		outcome = "refused"
	} else if err != nil {
		outcome = "failed"
	}
	m.deliveries.WithLabelValues(outcome).Inc()
}

func (m *metrics) state(l *ledger) {
	m.sessions.Set(float64(len(l.Told)))
	m.outbox.Set(float64(len(l.Outbox)))
}
