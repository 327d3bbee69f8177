package ecosystem

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	beltic "github.com/belticlabs/beltic-go"
)

// loggable are all values that a program may log, by name.
func loggable(t *testing.T) map[string]any {
	values := parts(canarySession())
	maps.Copy(values, around(t))
	for name, err := range failures(t) {
		values[name] = valueOf(err)
		if apiErr, ok := err.(*beltic.APIError); ok {
			values["ErrorObject"] = apiErr.Errors[0]
		}
	}
	return values
}

var zapEncoders = map[string]zapcore.Encoder{
	"JSON":    zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
	"console": zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
}

// logWithZap is what zap writes for some fields.
func logWithZap(encoder zapcore.Encoder, log func(*zap.Logger)) string {
	var out bytes.Buffer
	log(zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zap.DebugLevel)))
	return out.String()
}

func TestZapLogsNothingPersonal(t *testing.T) {
	for encoding, encoder := range zapEncoders {
		for name, value := range loggable(t) {
			for _, v := range []any{value, pointerTo(value), nilOf(value)} {
				for how, log := range map[string]func(*zap.Logger){
					"Any":    func(l *zap.Logger) { l.Info("x", zap.Any("v", v)) },
					"With":   func(l *zap.Logger) { l.With(zap.Any("v", v)).Info("x") },
					"Infow":  func(l *zap.Logger) { l.Sugar().Infow("x", "v", v) },
					"Infof":  func(l *zap.Logger) { l.Sugar().Infof("%v %+v %s", v, v, v) },
					"Infoln": func(l *zap.Logger) { l.Sugar().Infoln("x", v) },
				} {
					text := logWithZap(encoder, log)
					require.Contains(t, text, "\n")
					requireShut(t, text, "%s of %s (%T) to %s", how, name, v, encoding)
				}
			}
		}
	}
}

func TestZapShowsWhichSessionItWas(t *testing.T) {
	session := canarySession()
	for _, v := range []any{session, &session} {
		text := logWithZap(zapEncoders["JSON"], func(l *zap.Logger) { l.Info("x", zap.Any("v", v)) })
		assert.Contains(t, text, `"v":"Session[id=ses_1 status=approved entity_type=person]"`)
	}
}

func TestZapLogsErrorsWithoutTheServersWords(t *testing.T) {
	for encoding, encoder := range zapEncoders {
		for name, err := range failures(t) {
			text := logWithZap(encoder, func(l *zap.Logger) {
				l.Error("x", zap.Error(err), zap.Errors("all", []error{err}))
				l.Error("x", zap.Error(errors.Join(err, err)))
			})
			require.Contains(t, text, "beltic: ")
			requireShut(t, text, "%s to %s", name, encoding)
		}
	}
}

// A list or map behind zap.Any is encoded as JSON, which is an export. What formats it, or asks
// each element, shows nothing.
func TestZapLogsListsThatAreFormattedWithoutAnythingPersonal(t *testing.T) {
	list := []beltic.Session{canarySession()}
	byID := map[string]*beltic.Session{"ses_1": &list[0]}
	for encoding, encoder := range zapEncoders {
		text := logWithZap(encoder, func(l *zap.Logger) {
			l.Info("x", zap.Stringers("v", list), zap.Stringers("p", []*beltic.Session{&list[0]}))
			l.Sugar().Infof("%v %+v", list, byID)
			l.Sugar().Info(list, byID)
			l.Sugar().Infow("x", "none", []beltic.Session(nil))
		})
		require.Contains(t, text, "ses_1")
		requireShut(t, text, encoding)
	}
}

var slogHandlers = map[string]func(io.Writer) slog.Handler{
	"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
	"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
}

// logWithSlog is what slog writes for a value: as an attribute, in a group and by With.
func logWithSlog(handler func(io.Writer) slog.Handler, v any) string {
	var out bytes.Buffer
	l := slog.New(handler(&out))
	l.Info("x", "v", v)
	l.WithGroup("h").With("v", v).Info("x", slog.Group("g", "v", v))
	return out.String()
}

// Log/slog catches the panic of a nil pointer's LogValue, and writes a note of its own instead.
func TestSlogLogsNilPointersWithoutAPanic(t *testing.T) {
	for handling, handler := range slogHandlers {
		for name, value := range loggable(t) {
			require.NotPanics(t, func() {
				text := strings.ReplaceAll(logWithSlog(handler, nilOf(value)), "LogValue panicked", "")
				requireShut(t, text, "nil %s to %s", name, handling)
			})
		}
	}
}

func TestSlogLogsASessionByIDAndStatus(t *testing.T) {
	session := canarySession()
	for _, v := range []any{session, &session, row{Session: session, Note: canary}, plain(session)} {
		text := logWithSlog(slogHandlers["text"], v)
		requireShut(t, text)
		assert.Contains(t, text, "v.status=approved v.entity_type=person")

		text = logWithSlog(slogHandlers["JSON"], v)
		requireShut(t, text)
		assert.Contains(t, text, `"status":"approved","entity_type":"person"`)
	}
	assert.Contains(t, logWithSlog(slogHandlers["JSON"], session), `"v":{"id":"ses_1","status":"approved","entity_type":"person"}`)
}

func TestSlogLogsNothingPersonal(t *testing.T) {
	values := parts(canarySession())
	maps.Copy(values, around(t))
	for handling, handler := range slogHandlers {
		for name, value := range values {
			for _, v := range []any{value, pointerTo(value)} {
				requireShut(t, logWithSlog(handler, v), "%s (%T) to %s", name, v, handling)
			}
		}
	}
}

func TestSlogTextLogsNothingPersonalOfLists(t *testing.T) {
	for name, value := range loggable(t) {
		for _, v := range []any{value, pointerTo(value), []any{value, pointerTo(value)}, map[string]any{"k": value}} {
			requireShut(t, logWithSlog(slogHandlers["text"], v), "%s (%T)", name, v)
		}
	}
}

func TestSlogLogsErrorsWithoutTheServersWords(t *testing.T) {
	for handling, handler := range slogHandlers {
		for name, err := range failures(t) {
			for _, v := range []any{err, valueOf(err), errors.Join(err, err)} {
				requireShut(t, logWithSlog(handler, v), "%s to %s", name, handling)
			}
		}
	}
}

// SECURITY.md says so: what a JSON logger encodes is exported. The test is here to notice should
// that change.
func TestJSONLoggersExportListsAndStructsOfYourOwn(t *testing.T) {
	session := canarySession()
	for _, v := range []any{
		[]*beltic.Session{&session}, map[string]beltic.Session{"ses_1": session}, struct{ S beltic.Session }{session},
	} {
		assert.Contains(t, logWithSlog(slogHandlers["JSON"], v), canary)
		assert.Contains(t, logWithZap(zapEncoders["JSON"], func(l *zap.Logger) { l.Info("x", zap.Any("v", v)) }), canary)
	}
}
