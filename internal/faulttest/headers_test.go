package faulttest

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// L. From the second hunt: headers, links, and what a database or a build makes of values.
var headerRows = []row{
	{"F200", "503 or 429 from a cache: Date, Age, and a date or Unix time to wait for", slices.Concat(
		eachInBubble([]string{"20", "0", "40"}, func(l *lab, age string) {
			theirs := time.Now().UTC().Add(-time.Hour) // a clock of their own
			date, until := "Date: "+theirs.Format(http.TimeFormat), theirs.Add(50*time.Second)
			wait := 50*time.Second - must(time.ParseDuration(age+"s"))
			for _, code := range []int{429, 503} {
				l.waitsBetween(wait, wait, code, date, "Age: "+age, "Retry-After: "+until.Format(http.TimeFormat))
			}
			for _, reset := range []string{strconv.FormatInt(until.Unix(), 10), until.Format(time.RFC3339)} {
				l.waitsBetween(wait, wait, 429, date, "Age: "+age, "X-RateLimit-Reset: "+reset)
			}
		}),
		eachInBubble([]string{
			"-20", "+20", "20s", "2e1", "1.5", "old", "", "20\r\nAge: 20", "20, 20", "4294967296", "3153600000", strings.Repeat("9", 100<<10),
		}, func(l *lab, age string) {
			theirs := time.Now().UTC()
			l.waitsBetween(5*time.Second, 5*time.Second, 503, "Date: "+theirs.Format(http.TimeFormat), "Age: "+age,
				"Retry-After: "+theirs.Add(5*time.Second).Format(http.TimeFormat))
		}),
		inBubble(func(l *lab) {
			theirs := time.Now().UTC()
			l.waitsBetween(0, 500*time.Millisecond, 503, "Date: "+theirs.Format(http.TimeFormat), "Age: 60",
				"Retry-After: "+theirs.Add(50*time.Second).Format(http.TimeFormat)) // over since
		}),
	)},
	{"F201", "rate limit headers in other words, and a 429 with nothing but a reset", slices.Concat(
		eachInBubble([]rateLimitHeader{
			{"RateLimit-Reset", "6m0s", beltic.RateLimit{Reset: beltic.Some(6 * time.Minute)}},
			{"X-RateLimit-Reset", "500ms", beltic.RateLimit{Reset: beltic.Some(500 * time.Millisecond)}},
			{"X-Rate-Limit-Reset", "1h", beltic.RateLimit{Reset: beltic.Some(time.Hour)}},
			{"RateLimit-Reset", "2000-01-01T00:01:00Z", beltic.RateLimit{Reset: beltic.Some(time.Minute)}}, // a bubble begins with the year 2000
			{"RateLimit-Reset", "2000-01-01T02:01:00.000+02:00", beltic.RateLimit{Reset: beltic.Some(time.Minute)}},
			{"RateLimit-Reset", "946684860", beltic.RateLimit{Reset: beltic.Some(time.Minute)}},
			{"RateLimit-Reset", "7, 60", beltic.RateLimit{Reset: beltic.Some(7 * time.Second)}},
			{"RateLimit-Reset", "2000-01-01", beltic.RateLimit{}},
			{"RateLimit-Reset", "Sat, 01 Jan 2000 00:01:00 GMT", beltic.RateLimit{}},
			{"RateLimit-Reset", "946684860000", beltic.RateLimit{}},
			{"RateLimit-Reset", "5 minutes", beltic.RateLimit{}},
			{"RateLimit-Reset", "-6m0s", beltic.RateLimit{}},
			{"RateLimit-Reset", "12,500", beltic.RateLimit{}},
			{"RateLimit-Reset", "1.5", beltic.RateLimit{}},
			{"RateLimit-Limit", "100, 100;w=60", beltic.RateLimit{Limit: beltic.Some(100)}},
			{"RateLimit-Limit", "100, 100;window=60, 1000;window=3600", beltic.RateLimit{Limit: beltic.Some(100)}},
			{"RateLimit-Limit", "12, 500", beltic.RateLimit{Limit: beltic.Some(12)}},
			{"RateLimit-Limit", "12\r\nRateLimit-Limit: 500", beltic.RateLimit{Limit: beltic.Some(12)}},
			{"RateLimit-Limit", "12,500", beltic.RateLimit{}},
			{"RateLimit-Limit", "12.500", beltic.RateLimit{}},
			{"X-RateLimit-Limit", "5k", beltic.RateLimit{}},
			{"X-RateLimit-Limit", "1e3", beltic.RateLimit{}},
			{"X-RateLimit-Limit", "0x10", beltic.RateLimit{}},
			{"X-RateLimit-Limit", "6m0s", beltic.RateLimit{}},
			{"X-RateLimit-Limit", "1_000", beltic.RateLimit{}},
			{"X-RateLimit-Remaining", "5", beltic.RateLimit{Remaining: beltic.Some(5)}},
			{"X-RateLimit-Remaining", "5k", beltic.RateLimit{}},
			{"X-RateLimit-Remaining", strings.Repeat("1", 100<<10), beltic.RateLimit{}},
		}, func(l *lab, header rateLimitHeader) {
			line := header.name + ": " + header.value
			l.serve(inTurn(raw(answer(200, lastPage(session("s1")), line)), status(400, line)))
			client := l.client()
			page, err := l.list(client, l.options())
			require.NoError(l, err)
			assert.Equal(l, header.want, page.Response.RateLimit)
			_, err = l.list(client, l.options())
			assert.Equal(l, header.want, as[*beltic.APIError](l, err).RateLimit)
		}),
		eachInBubble([]string{"30", "30s", "0.5m", "2000-01-01T00:00:30Z", "946684830", "30, 3600"}, func(l *lab, reset string) {
			start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
			require.Equal(l, start, time.Now().UTC())
			l.waitsBetween(30*time.Second, 30*time.Second, 429, "X-RateLimit-Reset: "+reset)

			start = time.Now().UTC()
			now := "Date: " + start.Format(http.TimeFormat)
			unix := strconv.FormatInt(start.Add(30*time.Second).Unix(), 10)
			l.waitsBetween(30*time.Second, 30*time.Second, 429, now, "RateLimit-Reset: "+unix, "RateLimit-Remaining: 0")
		}),
		inBubble(func(l *lab) {
			l.serve(always(status(429, "RateLimit-Reset: 61")))
			r := l.collect()
			e := as[*beltic.APIError](l, r.err)
			assert.Equal(l, 61*time.Second, e.RetryAfter)
			assert.Equal(l, beltic.NotRetriedRetryAfter, e.NotRetried)
			assert.Zero(l, r.took)
			assert.Len(l, l.server.seen(), 1)

			l.waitsBetween(5*time.Second, 5*time.Second, 429, "RateLimit-Reset: 30", "Retry-After: 5")
			l.waitsBetween(0, 500*time.Millisecond, 429, "RateLimit-Reset: 30", "Retry-After: 0")
			l.waitsBetween(0, 500*time.Millisecond, 429, "RateLimit-Reset: 30", "RateLimit-Remaining: 1") // another limit refused it
			l.waitsBetween(0, 500*time.Millisecond, 429, "RateLimit-Reset: 0")
			l.waitsBetween(0, 500*time.Millisecond, 429, "RateLimit-Reset: soon")
			l.waitsBetween(0, 500*time.Millisecond, 503, "RateLimit-Reset: 30")
		}),
	)},
	{"F203", "a cursor in links.next beside what cannot be parsed, and none in meta", slices.Concat(
		eachInBubble([]string{
			"q=a;b&PARAM=CURSOR", "filter[x]=%zz&PARAM=CURSOR", "PARAM=CURSOR&q=a;b", "PARAM=CURSOR&%zz=1&=&&;#f", "%&PARAM=CURSOR&page[size]=%",
			"PARAM=CURSOR&page[other]=%zz", "x=" + strings.Repeat("%", 1000) + "&PARAM=CURSOR",
		}, func(l *lab, query string) {
			l.bothWays(func(way turn) {
				l.serveLinked(way, query)
				l.walksTurned(way, []string{"s1"}, []string{"s2"})
			})
		}),
		eachInBubble([]string{
			"PARAM=CURSOR&PARAM=CURSOR", "PARAM=CURSOR&PARAM", "PARAM=CURSOR%zz", "PARAM=CURSOR;x", "q=a;PARAM=CURSOR", "#?PARAM=CURSOR", "",
		}, func(l *lab, query string) {
			l.bothWays(func(way turn) {
				l.serveLinked(way, query)
				r := l.walk(l.client(), way.options(l))
				assert.Contains(l, as[*beltic.ProtocolError](l, r.err).Reason, "no cursor")
				assert.Equal(l, []string{"s1"}, r.ids)
			})
		}),
	)},
	{"F212", "optional values and times through database/sql, both ways", inBubble(func(l *lab) {
		stores(l, 82.5, 82.5, []byte("82.5"), "82.50", "8.25e1")
		stores(l, 82.0, 82.0, int64(82), "82")
		stores(l, true, true, int64(1), []byte("t"), "true")
		stores(l, 7, int64(7), 7.0, []byte("7"), "7")
		stores(l, "text", "text", []byte("text"))
		stores(l, beltic.SessionStatusApproved, "approved", []byte("approved"))
		now := time.Date(2025, 10, 22, 22, 13, 48, 0, time.UTC)
		stores(l, now, now)
		assert.Equal(l, any(now), beltic.TimeOrNull(now))
		assert.Nil(l, beltic.TimeOrNull(time.Time{}))

		for _, column := range []driver.Value{"t" + canary, []byte(canary), true, now} {
			score := beltic.Some(1.0)
			err := score.Scan(column)
			l.note(err)
			as[*beltic.DecodeError](l, err)
			assert.Zero(l, score)
		}
	})},
	{"F213", "User-Agent of a program in a go.work, with a replaced, vendored or stripped library", onLoopback(func(l *lab) {
		agent := func(folder string, args ...string) string {
			return l.goIn(folder, append([]string{"run"}, append(args, ".")...)...)
		}
		stripped := []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w"}
		root := must(filepath.Abs("../.."))

		workspace := l.program("module example.com/consumer\n\ngo 1.26\n")
		l.write(workspace, "go.work", "go 1.26.0\n\nuse (\n\t.\n\t"+root+"\n)\n")
		assert.Equal(l, "beltic-go/devel", agent(workspace))
		assert.Equal(l, "beltic-go/devel", agent(workspace, stripped...))

		replaced := l.program(strings.Replace(string(must(os.ReadFile("../../go.mod"))), "module github.com/belticlabs/beltic-go", "module example.com/consumer", 1) +
			"\nrequire github.com/belticlabs/beltic-go v0.1.0\n\nreplace github.com/belticlabs/beltic-go => " + root + "\n")
		l.write(replaced, "go.sum", string(must(os.ReadFile("../../go.sum"))))
		assert.Equal(l, "beltic-go/devel", agent(replaced, "-mod=mod"))
		l.goIn(replaced, "mod", "vendor")
		assert.Equal(l, "beltic-go/devel", agent(replaced, append(stripped, "-mod=vendor")...))
	})},
}

// rateLimitHeader is a header of a rate limit, and what is understood of it.
type rateLimitHeader struct {
	name, value string
	want        beltic.RateLimit
}

func (h rateLimitHeader) String() string { return h.name + " " + h.value }

// serveLinked serves two pages, of which the first tells of the second in a link only.
func (l *lab) serveLinked(way turn, query string) {
	query = strings.NewReplacer("PARAM", "page[after]", "CURSOR", cursorTo("2")).Replace(query)
	link := `{"next":"https://evil.example.com/?` + query + `"}`
	l.serveTurned(way, map[string]string{
		"":            withLinks(link, document(meta("", true), session("s1"))),
		cursorTo("2"): lastPage(session("s2")),
	})
}

// stores checks that a database is sent a column for a value, and NULL for none, and that these and
// other columns are scanned as the value, with the same outcome as by sql.Null.
func stores[T any](l *lab, value T, column driver.Value, others ...driver.Value) {
	l.Helper()
	sent, err := beltic.Some(value).Value()
	require.NoError(l, err)
	assert.Equal(l, column, sent)
	sent, err = beltic.Optional[T]{}.Value()
	require.NoError(l, err)
	assert.Nil(l, sent)

	for _, column := range append(others, column, nil) {
		var got beltic.Optional[T]
		require.NoError(l, got.Scan(column), "%T", column)
		want := beltic.Optional[T]{}
		if column != nil {
			want = beltic.Some(value)
		}
		assert.Equal(l, want, got)
		var null sql.Null[T]
		require.NoError(l, null.Scan(column))
		assert.Equal(l, want, beltic.Optional[T](null))
	}
}

// program writes a program that prints its User-Agent, and returns its folder.
func (l *lab) program(goMod string) (folder string) {
	folder = l.TempDir()
	l.write(folder, "go.mod", goMod)
	l.write(folder, "main.go", `package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/belticlabs/beltic-go"
)

type printer struct{}

func (printer) RoundTrip(r *http.Request) (*http.Response, error) {
	fmt.Println(r.UserAgent())
	return nil, http.ErrNotSupported
}

func main() {
	client, err := beltic.NewClient("sk_staging_example", beltic.WithHTTPClient(&http.Client{Transport: printer{}}), beltic.WithMaxRetries(0))
	if err != nil {
		panic(err)
	}
	client.Sessions.List(context.Background(), nil)
}
`)
	return folder
}

func (l *lab) write(folder, name, text string) {
	require.NoError(l, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
}

// goIn runs the go command in a folder.
func (l *lab) goIn(folder string, args ...string) string {
	cmd := exec.Command("go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	output, err := cmd.Output()
	require.NoError(l, err, "go %s: %s", fmt.Sprint(args), complaint.String())
	return strings.TrimSpace(string(output))
}
