package main

import (
	"context"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/belticlabs/beltic-go"
)

// spans are one for each pass and, below it, one for each attempt of a call.
//
// They are made of what [beltic.WithObserver] tells, which has the route and never the URL.
// Otelhttp would record the whole query, with cursors and filters, in url.full, and would need the
// query taken off before it and put back after it. The observer also knows what a round tripper
// does not: a body that broke off, and which attempt of a call it was.
type spans struct{ tracer trace.Tracer }

func newSpans(provider trace.TracerProvider) *spans {
	return &spans{provider.Tracer("github.com/belticlabs/beltic-go/examples/watch")}
}

// startPass starts the span of a pass. Its end says whether there was an error but not which: the
// text could name a session. The attempts below it say what happened.
func (s *spans) startPass(ctx context.Context) (_ context.Context, end func(error)) {
	ctx, span := s.tracer.Start(ctx, "pass")
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// attempt makes the span of an attempt, which has just ended.
func (s *spans) attempt(ctx context.Context, a beltic.Attempt) {
	end := time.Now()
	_, span := s.tracer.Start(ctx, a.Method+" "+a.Route,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(end.Add(-a.Duration)),
		trace.WithAttributes(attributes(a)...))
	if a.Failure != "" || a.StatusCode >= 400 {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(end))
}

// attributes have the names of OpenTelemetry's conventions for HTTP clients.
func attributes(a beltic.Attempt) []attribute.KeyValue {
	list := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(a.Method),
		semconv.URLTemplate(a.Route),
	}
	if a.StatusCode != 0 {
		list = append(list, semconv.HTTPResponseStatusCode(a.StatusCode))
	}
	switch {
	case a.Failure != "":
		list = append(list, semconv.ErrorTypeKey.String(string(a.Failure)))
	case a.StatusCode >= 400:
		list = append(list, semconv.ErrorTypeKey.String(strconv.Itoa(a.StatusCode)))
	}
	if a.Number > 1 {
		list = append(list, semconv.HTTPRequestResendCount(a.Number-1))
	}
	if a.Wait > 0 {
		list = append(list, attribute.Float64("beltic.wait_seconds", a.Wait.Seconds()))
	}
	return list
}
