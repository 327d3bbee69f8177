package main

import (
	"encoding/csv"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
)

func TestNoCellIsAFormula(t *testing.T) {
	for _, text := range []string{
		"=1+1", "+1 555-0100", "-1", "@SUM(A1)", "\t=1", "\rx", "\nx", " =1+1", "\u00a0=1", "\u200b=1", "\x00=1", "\ufeff@x",
		"＝1+1", "＋1", "－1", "＠x", "'=1", "'", "=",
	} {
		assert.Equal(t, "'"+text, defuse(text))
	}
	for _, text := range []string{"", "x", "a=1", "1-1", "O'Hara", "someone@example.com", " x", "[1]", "é", "\U0001f642"} {
		assert.Equal(t, text, defuse(text))
	}
}

// evil is a session with a formula wherever a person can write one.
func evil() beltic.Session {
	s := beltictest.GenerateSessions(3, 1)[0]
	s.ID = "=1+1"
	s.CreatorID = "+cmd|' /C calc'!A0"
	s.Person = beltic.Person{Name: beltic.PersonName{First: "@SUM(A1)", Middle: "-2+3", Last: "\t=1"}, BirthDate: "=1"}
	s.Business = beltic.Business{LegalName: "=HYPERLINK(\"http://example.com\",\"x\")", Shareholders: []beltic.Shareholder{{Name: "=1"}}}
	s.Contact = beltic.Contact{Email: "=1@example.com", Phone: "+1 555-0100"}
	s.Address = beltic.Address{Line1: "\r\n=1", Line2: "a\n=1", PostalCode: "-00123"}
	s.BehaviorAnalysis.BotScore = beltic.Some(-0.25)
	s.Relationships.Account.ID = "@x"
	return s
}

func TestCSV(t *testing.T) {
	j := newJob(t, "sessions.csv")
	j.Sessions.Add(evil())
	_, err := j.run(t)
	require.NoError(t, err)
	j.finished(t)
	text := read(t, j.path)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, documentedColumns(t), records[0])
	sessions := j.Sessions.All()
	require.Len(t, records, 1+len(sessions))
	for i, cells := range records[1:] {
		r := newRow(&sessions[i])
		for k, want := range r.appendCells(nil) {
			assert.NotRegexp(t, `^[=+@\t\r\n-]`, cells[k])
			want = strings.ReplaceAll(want, "\r\n", "\n") // the reader of Go does so, not the writer
			assert.Equal(t, want, strings.TrimPrefix(cells[k], "'"), records[0][k])
		}
	}
	assert.Contains(t, text, "\"'\r\n=1\"")
}

func documentedColumns(t *testing.T) (columns []string) {
	_, table, _ := strings.Cut(read(t, "README.md"), "| columns, in this order | what |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, line := range strings.Split(table, "\n")[2:] {
		for _, name := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			columns = append(columns, name[1])
		}
	}
	return columns
}

func TestParquet(t *testing.T) {
	j := newJob(t, "sessions.parquet")
	j.Sessions.Add(evil())
	_, err := j.run(t)
	require.NoError(t, err)
	j.finished(t)
	rows, err := parquet.ReadFile[row](j.path)
	require.NoError(t, err)
	sessions := j.Sessions.All()
	require.Len(t, rows, len(sessions))
	for i := range sessions {
		want := newRow(&sessions[i])
		assert.Equal(t, want, rows[i])
	}
	assert.Equal(t, documentedColumns(t), columnsOf(parquet.SchemaOf(row{})))
}

func columnsOf(schema *parquet.Schema) (names []string) {
	for _, field := range schema.Fields() {
		names = append(names, field.Name())
	}
	return names
}

// TestARowHoldsEveryField fills a session, and expects each column to be filled with its own value.
func TestARowHoldsEveryField(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2025, 1, 2, 3, minute, 4, 5_000_000, time.UTC) }
	number := func(n float64) beltic.Optional[float64] { return beltic.Some(n) }
	refs := func(ids ...string) (r beltic.ToMany) {
		for _, id := range ids {
			r.Data = append(r.Data, beltic.ResourceRef{Type: "x", ID: id})
		}
		return r
	}
	s := &beltic.Session{ID: "id", SessionAttributes: beltic.SessionAttributes{
		Status: "approved", EntityType: "person", CreatorType: "system", CreatorID: "creator",
		CreatedAt: at(0), UpdatedAt: at(1), StartedAt: at(2), ExpiresAt: at(3), CompletedAt: at(4), FailedAt: at(5), MarkedForReviewAt: at(6), DecisionedAt: at(7), ExpiredAt: at(8), RedactedAt: at(9),
		Person:          beltic.Person{Name: beltic.PersonName{First: "first", Middle: "middle", Last: "last"}, BirthDate: "1990-05-15"},
		Business:        beltic.Business{LegalName: "<A & B>", RegistrationDate: "2001-02-03", Shareholders: []beltic.Shareholder{{Name: "<n>", PercentageOfShare: number(0)}}},
		IdentityNumbers: beltic.IdentityNumbers{{Number: "1", CreatedAt: at(10)}},
		Contact:         beltic.Contact{Email: "e@example.com", Phone: "555-0100"},
		Address:         beltic.Address{Line1: "l1", Line2: "l2", Sublocality: "sub", Locality: "loc", AdministrativeArea: "area", PostalCode: "00123", CountryCode: "SE"},
		BehaviorAnalysis: beltic.BehaviorAnalysis{
			CompletionTimeSeconds: number(1.5), AutofillCancels: number(0), AutofillStarts: number(2), BotScore: number(0.25), ThreatLevel: "low", ShortcutCopies: number(3), ShortcutPastes: number(4),
			DistractionEvents: number(5), DevtoolsOpen: beltic.Some(false), DebuggerAttached: beltic.Some(true), RequestSpoofAttempts: number(6), UserAgentSpoofAttempts: number(7),
			HesitationBaseline: number(8), HesitationCount: number(9), HesitationPercentage: number(10), HesitationTime: number(1e21),
		},
	}, Relationships: beltic.SessionRelationships{
		Account: beltic.ToOne{ResourceRef: beltic.ResourceRef{ID: "account"}}, Business: beltic.ToOne{ResourceRef: beltic.ResourceRef{ID: "business"}},
		Documents: refs("d1", "d2"), SessionDevices: refs("s1"), Verifications: refs("v1"),
	}}
	r := newRow(s)
	assert.Equal(t, []string{
		"id", "approved", "person", "system", "creator", "account", "business",
		"2025-01-02T03:00:04.005Z", "2025-01-02T03:01:04.005Z", "2025-01-02T03:02:04.005Z", "2025-01-02T03:03:04.005Z", "2025-01-02T03:04:04.005Z",
		"2025-01-02T03:05:04.005Z", "2025-01-02T03:06:04.005Z", "2025-01-02T03:07:04.005Z", "2025-01-02T03:08:04.005Z", "2025-01-02T03:09:04.005Z",
		"first", "middle", "last", "1990-05-15", "<A & B>", "2001-02-03", `[{"name":"<n>","percentage_of_share":0}]`,
		`[{"number":"1","created_at":"2025-01-02T03:10:04.005Z"}]`, "e@example.com", "555-0100", "l1", "l2", "sub", "loc", "area", "00123", "SE",
		"1.5", "0", "2", "0.25", "low", "3", "4", "5", "false", "true", "6", "7", "8", "9", "10", "1000000000000000000000", `["d1","d2"]`, `["s1"]`, `["v1"]`,
	}, r.appendCells(nil))

	empty := newRow(&beltic.Session{})
	assert.Empty(t, strings.Join(empty.appendCells(nil), ""))
}

func TestWhatWasNotSentIsNull(t *testing.T) {
	j := newJob(t, "sessions.parquet")
	require.NoError(t, j.Sessions.Update(j.Sessions.All()[0].ID, func(s *beltic.Session) {
		*s = beltic.Session{ID: s.ID, Type: s.Type, SessionAttributes: beltic.SessionAttributes{CreatedAt: s.CreatedAt}}
		s.BehaviorAnalysis = beltic.BehaviorAnalysis{BotScore: beltic.Some(0.0), DevtoolsOpen: beltic.Some(false)}
	}))
	_, err := j.run(t)
	require.NoError(t, err)
	file, err := os.Open(j.path)
	require.NoError(t, err)
	defer file.Close()
	rows := parquet.NewReader(file)
	defer rows.Close()
	first := make([]parquet.Row, 1)
	_, err = rows.ReadRows(first)
	require.NoError(t, err)
	var sent []string
	for _, value := range first[0] {
		if !value.IsNull() {
			sent = append(sent, columnNames()[value.Column()])
		}
	}
	assert.Equal(t, []string{"id", "created_at", "bot_score", "devtools_open"}, sent)
}

func TestALineThatIsNoSessionStopsAConversion(t *testing.T) {
	for _, line := range []string{`{"id":"a","type":"session"`, `{"id":"a","type":"session"}` /* torn: no line break */, "{}\n", `{"id":"a","id":"b","type":"session"}` + "\n"} {
		var got error
		for _, err := range readSessions(strings.NewReader(line)) {
			got = err
		}
		assert.Error(t, got, line)
	}
	for s, err := range readSessions(strings.NewReader(`{"id":"a","type":"session"}` + "\n")) {
		require.NoError(t, err)
		assert.Equal(t, "a", s.ID)
	}
}
