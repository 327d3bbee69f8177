package beltic_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// fullPage is a page of n sessions with every field of the reference page.
func fullPage(tb testing.TB, n int) string {
	tb.Helper()
	text, err := os.ReadFile("testdata/session-sample.json")
	require.NoError(tb, err)
	var sample struct{ Data []map[string]any }
	require.NoError(tb, json.Unmarshal(text, &sample))
	var records []string
	for i := range n {
		count := 0
		leaves("", sample.Data[0], nil, func(path string, leaf any, set func(any)) {
			count++
			set(valueFor(path, leaf, i%50+count))
		})
		sample.Data[0]["id"] = fmt.Sprintf("123e4567-e89b-12d3-a456-%012d", i)
		record, err := json.Marshal(sample.Data[0])
		require.NoError(tb, err)
		var session beltic.Session
		require.NoError(tb, json.Unmarshal(record, &session))
		record, err = json.Marshal(session) // in the order of the reference page
		require.NoError(tb, err)
		records = append(records, string(record))
	}
	return rawPage("", records...)
}

func newBenchClient(tb testing.TB, body string, opts ...beltic.Option) *beltic.Client {
	tb.Helper()
	transport := roundTripper(func(*http.Request) (*http.Response, error) { return answer(body), nil })
	client, err := beltic.NewClient(testKey, append(opts, beltic.WithHTTPClient(&http.Client{Transport: transport}))...)
	require.NoError(tb, err)
	return client
}

func BenchmarkListFullPage(b *testing.B) {
	body := fullPage(b, 100)
	client := newBenchClient(b, body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Sessions.List(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	body := []byte(fullPage(b, 100))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var page beltic.Page[beltic.Session]
		if err := json.Unmarshal(body, &page); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeSession(b *testing.B) {
	page, err := newBenchClient(b, fullPage(b, 1)).Sessions.List(b.Context(), nil)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(page.Data[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResumedWalk goes on from a checkpoint in a page of which every other record was
// delivered, and takes a checkpoint after each record. It reports the time of a record.
func BenchmarkResumedWalk(b *testing.B) {
	turned := strings.NewReplacer("end", "start", `"hasPreviousPage":false`, `"hasNextPage":false`, "hasNextPage", "hasPreviousPage")
	for _, size := range []int{100, 1000, 10_000} {
		for _, before := range []string{"", "here"} {
			name := fmt.Sprintf("%d a page", size)
			delivered, mixed := make([]string, size/2), make([]string, size)
			for i := range delivered {
				delivered[i] = record(fmt.Sprint("old", i))
				mixed[2*i], mixed[2*i+1] = record(fmt.Sprint("new", i)), delivered[i]
			}
			bodies := []string{rawPage("more", delivered...), rawPage("more", mixed...)}
			if before != "" {
				name += ", backward"
				bodies = []string{turned.Replace(bodies[0]), turned.Replace(bodies[1])}
			}
			b.Run(name, func(b *testing.B) {
				opts := &beltic.SessionListOptions{Page: beltic.PageOptions{Size: size, Before: before}}
				it := newBenchClient(b, bodies[0]).Sessions.Iterator(opts)
				for range size/2 - 1 {
					it.Next(b.Context())
				}
				opts.Page.Before, opts.Page.Resume = "", it.Checkpoint()
				client := newBenchClient(b, bodies[1])
				for b.Loop() {
					it := client.Sessions.Iterator(opts)
					for range size / 2 {
						it.Next(b.Context())
						it.Checkpoint()
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size/2), "ns/record")
			})
		}
	}
}
