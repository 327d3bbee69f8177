package main

import (
	"context"
	"errors"
	"io"
	"os"

	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// tracing is where spans go.
type tracing struct {
	provider trace.TracerProvider
	stop     func() error // writes what is left
}

// startTracing sends spans to a file or to standard error, which is notes; an empty target is
// nowhere.
func startTracing(target string, notes io.Writer) (tracing, error) {
	if target == "" {
		return tracing{noop.NewTracerProvider(), func() error { return nil }}, nil
	}
	out, closeFile := notes, func() error { return nil }
	if target != "stderr" {
		file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return tracing{}, err
		}
		out, closeFile = file, file.Close
	}
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(out))
	if err != nil {
		return tracing{}, errors.Join(err, closeFile())
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(semconv.ServiceName("beltic-watch"))))
	stop := func() error { return errors.Join(provider.Shutdown(context.Background()), closeFile()) }
	return tracing{provider, stop}, nil
}
