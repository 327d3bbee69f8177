package faulttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/beltictest"
	"github.com/belticlabs/beltic-go/beltictest/recording"
)

const recorderFolder = "BELTIC_FAULTTEST_RECORDING"

func init() { children["recorder"] = recorderChild }

// recorderChild records into a folder that other processes record into, too.
func recorderChild() any {
	recorder, err := recording.Record(os.Getenv(recorderFolder), recording.Through(sending(lastPage(session("s1")))))
	for range exchangesEach {
		if err == nil {
			_, err = ask(recorder, "/identity/sessions")
		}
	}
	return fmt.Sprint(err)
}

const exchangesEach = 40

// L. Recordings.
var recorderRows = []row{
	{"F214", "folders with the characters of a pattern, and recorders that share a folder", slices.Concat(eachOnLoopback([]string{
		"[a]", `back\slash`, "a[b", "*", "a?", "plain",
	}, func(l *lab, name string) {
		dir := filepath.Join(l.TempDir(), name)
		recorder := l.recorder(dir, sending(lastPage(session("s1"))))
		must(ask(recorder, "/identity/sessions"))
		first := l.recorded(dir)

		_, err := recording.Record(dir)
		require.ErrorContains(l, err, "already holds a recording")
		assert.Equal(l, first, l.recorded(dir))
	}), onLoopback(func(l *lab) {
		dir := l.TempDir()
		one, other := l.recorder(dir, sending(lastPage(session("s1")))), l.recorder(dir, sending(lastPage(session("s2"))))
		for range 5 {
			must(ask(one, "/identity/sessions"))
			must(ask(other, "/identity/accounts"))
		}
		replayer := must(recording.Replay(os.DirFS(dir)))
		for range 5 {
			must(ask(replayer, "/identity/sessions"))
			must(ask(replayer, "/identity/accounts"))
		}
		assert.NoError(l, replayer.Err())
		assert.Equal(l, 5, one.Summary().Files)
	}), onLoopback(func(l *lab) {
		dir := l.TempDir()
		var processes sync.WaitGroup
		for range 2 {
			processes.Go(func() {
				var result string
				child(l, "recorder", &result, recorderFolder+"="+dir)
				if !strings.Contains(result, "already holds a recording") { // the other was faster
					assert.Equal(l, "<nil>", result)
				}
			})
		}
		processes.Wait()
		replayer := must(recording.Replay(os.DirFS(dir)))
		for range len(l.recorded(dir)) {
			must(ask(replayer, "/identity/sessions"))
		}
		assert.Zero(l, len(l.recorded(dir))%exchangesEach, "an exchange was lost")
	}))},
	{"F215", "a recording's times against the moment of the exchange", onLoopback(func(l *lab) {
		now := time.Now().UTC()
		times := []time.Time{ // of one session each, which the exchange has just changed
			now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0), now.AddDate(0, -2, 0), now.AddDate(0, -1, 0), now.AddDate(0, -1, 0).Add(90 * time.Second),
		}
		var sessions []string
		for i, created := range times {
			sessions = append(sessions, sessionWith(fmt.Sprint(i),
				fmt.Sprintf(`"created_at":%q,"updated_at":%q`, created.Format("2006-01-02T15:04:05.987Z"), now.Format(time.RFC3339Nano))))
		}
		header := http.Header{
			"Date": {now.Format(http.TimeFormat)}, "Retry-After": {now.Add(30 * time.Second).Format(http.TimeFormat)},
			"Expires": {now.Format(http.TimeFormat)}, "Last-Modified": {now.Format(http.TimeFormat)},
			"X-Ratelimit-Reset": {fmt.Sprint(now.Unix())}, "Set-Cookie": {"a=b; Expires=" + now.Format(http.TimeFormat)},
		}
		dir := l.TempDir()
		recorder := l.recorder(dir, roundTrip(func(r *http.Request) (*http.Response, error) {
			answer := response(http.StatusServiceUnavailable, lastPage(sessions...))
			answer.Header = header
			return answer, nil
		}))
		must(ask(recorder, "/identity/sessions"))
		file := l.recorded(dir)["001.json"]

		dates, body := storedTimes(l, file)
		assert.NotRegexp(l, `T\d\d:\d\d:\d\d\.`, file, "fractions of a second")
		for _, known := range append(dates, body[0].UpdatedAt) { // the moment of the exchange, as the file's time tells it
			for i, created := range times {
				found := now.Add(body[i].CreatedAt.Sub(known))
				assert.Greater(l, created.Sub(found).Abs(), time.Minute, "a time was recovered")
			}
		}
		// Nor do two times that are known, which would give a scale.
		oldest, scale := body[0].CreatedAt, now.Sub(times[0]).Seconds()/body[0].UpdatedAt.Sub(body[0].CreatedAt).Seconds()
		for i, created := range times[1:] {
			found := times[0].Add(time.Duration(scale * float64(body[i+1].CreatedAt.Sub(oldest))))
			assert.Greater(l, created.Sub(found).Abs(), 5*time.Second, "a time was recovered")
		}
		for i := range times {
			assert.True(l, body[i].CreatedAt.Before(body[i].UpdatedAt))
			assert.Equal(l, body[0].UpdatedAt, body[i].UpdatedAt, "the same time stays the same")
			assert.True(l, i == 0 || body[i-1].CreatedAt.Before(body[i].CreatedAt), "the order stays")
		}

		client := must(beltic.NewClient(testKey, beltic.WithMaxRetries(0), over(must(recording.Replay(os.DirFS(dir))))))
		_, err := l.list(client, nil)
		assert.Equal(l, 30*time.Second, as[*beltic.APIError](l, err).RetryAfter)
	})},
	{"F216", "numbers and lists where one number is documented", slices.Concat(eachOnLoopback([]string{
		`{"errors":[{"status":"%s"}]}`, `{"errors":[{"status":%s}]}`, `{"errors":[{"status":[%s]}]}`, `{"error":{"status":%s}}`, `{"status":%s}`,
		inShareholder(`%s`), inShareholder(`[%s]`), inShareholder(`[12,[%s]]`), inShareholder(`{"a":%s}`), inShareholder(`"%s"`), inShareholder(`%s.5`),
		inShareholder(`-%se3`), inBehavior(`%s`), inBehavior(`[%s]`), inBehavior(`[[true,{"a":%s}]]`),
		`{"meta":{"page":{"total":%s,"hasNextPage":%[1]s}}}`, `{"meta":{"page":{"total":[%s],"hasNextPage":[%[1]s]}}}`,
		`{"data":[{"attributes":{"status":[%s],"created_at":%[1]s}}]}`, `{"data":[{"attributes":{"contact":{"phone":[%s]}}}]}`,
		`[%s]`, `{"data":[[%s]]}`, `{"meta":[%s],"links":[%[1]s],"data":{"relationships":[%[1]s]}}`,
	}, func(l *lab, body string) {
		for _, digits := range []string{"4155501420000", "5550142"} {
			file := l.recordOne(fmt.Sprintf(body, digits))
			assert.NotContains(l, file, digits)
		}
		for _, few := range []string{"12", "[12,13]", "[true]"} { // too short to be told from others: the form says it
			file := l.recordOne(strings.ReplaceAll(body, "%[1]s", few))
			assert.NotRegexp(l, `\[\s*(\d|true)`, strings.ReplaceAll(file, "%s", few))
		}
	}), onLoopback(func(l *lab) {
		for body, want := range map[string]string{
			`{"errors":[{"status":"422"}]}`: `"status": "422"`, `{"status":422}`: `"status": 422`, inShareholder("12.50"): ": 12.50",
			inBehavior("false"): ": false", `{"meta":{"page":{"total":123456}}}`: `"total": 123456`,
			inShareholder("[12.5]"): `"percentage_of_share": []`, inBehavior(`{"a":true}`): `"devtools_open": {}`,
		} {
			assert.Contains(l, l.recordOne(body), want)
		}
		for _, status := range []string{"42", "042", "1000", "422.5", "-422", "4e2"} {
			assert.NotRegexp(l, `"status": "?`+status+`\b`, l.recordOne(`{"errors":[{"status":"`+status+`"}]}`))
			if status[0] != '0' {
				assert.NotRegexp(l, `"status": `+status+`\b`, l.recordOne(`{"errors":[{"status":`+status+`}]}`))
			}
		}
	}))},
	{"F217", "every resource of the client, recorded and replayed", append(onLoopback(func(l *lab) {
		recorder := l.recorder(l.TempDir(), sending(`{"data":[]}`))
		for _, unknown := range []string{"/identity/widgets", "/identity", "/sessions", "/identity/sessions/s1/frobnicate"} {
			_, err := ask(recorder, unknown)
			assert.ErrorIs(l, err, recording.ErrNotScrubbed, unknown)
		}
		assert.Zero(l, recorder.Summary().Files)
	}), eachOnLoopback(services(), func(l *lab, service string) {
		dir := l.TempDir()
		record := l.recordOf(service)
		body := string(must(json.Marshal(record)))
		recorder := l.recorder(dir, roundTrip(func(r *http.Request) (*http.Response, error) {
			if path.Base(r.URL.Path) == record["id"] {
				return response(http.StatusOK, `{"data":`+body+`}`), nil
			}
			return response(http.StatusOK, lastPage(body)), nil
		}))
		list, one := l.listAndGet(clientOver(recorder), service)
		assert.Zero(l, recorder.Summary().Dropped, "a member has no rule")
		recordedAll := methodOf(clientOver(recorder), service, "List")
		options := reflect.New(recordedAll.Type().In(1).Elem())
		fillOptions(options.Elem())
		recordedAll.Call([]reflect.Value{reflect.ValueOf(l.ctx), options})
		require.NoError(l, recorder.Err(), "a parameter has no rule")

		replayer := must(recording.Replay(os.DirFS(dir)))
		replayedList, replayedOne := l.listAndGet(clientOver(replayer), service)
		l.sameShape(list, replayedList, service)
		l.sameShape(one, replayedOne, service)
	})...)},
}

// recorder is a new recorder into a folder.
func (l *lab) recorder(dir string, through http.RoundTripper) *recording.Recorder {
	recorder, err := recording.Record(dir, recording.Through(through))
	require.NoError(l, err)
	return recorder
}

// recordOne is the file of one response.
func (l *lab) recordOne(body string) string {
	dir := l.TempDir()
	must(ask(l.recorder(dir, sending(body)), "/identity/sessions"))
	return l.recorded(dir)["001.json"]
}

// recorded are the files of a recording.
func (l *lab) recorded(dir string) map[string]string {
	files := map[string]string{}
	for _, entry := range must(os.ReadDir(dir)) {
		files[entry.Name()] = string(must(os.ReadFile(filepath.Join(dir, entry.Name()))))
	}
	return files
}

// sending is a transport that responds to every request with a body.
func sending(body string) http.RoundTripper {
	return roundTrip(func(*http.Request) (*http.Response, error) { return response(http.StatusOK, body), nil })
}

// ask sends one request and reads its response.
func ask(transport http.RoundTripper, path string) (string, error) {
	req := must(http.NewRequest(http.MethodGet, "https://api.example.test/v1"+path, nil))
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// storedTimes are the dates of the headers in a file, and the times of its sessions.
func storedTimes(l *lab, file string) (dates []time.Time, sessions []beltic.SessionAttributes) {
	var stored struct {
		Response struct {
			Header http.Header
			Body   beltic.Page[beltic.Session]
		}
	}
	require.NoError(l, json.Unmarshal([]byte(file), &stored))
	for _, values := range stored.Response.Header {
		for _, value := range values {
			if date, err := http.ParseTime(value); err == nil {
				dates = append(dates, date)
			}
		}
	}
	for _, s := range stored.Response.Body.Data {
		sessions = append(sessions, s.SessionAttributes)
	}
	assert.Len(l, dates, 2, "Date and Retry-After")
	return dates, sessions
}

func inShareholder(percentage string) string {
	return `{"data":[{"attributes":{"business":{"shareholders":[{"percentage_of_share":` + percentage + `}]}}}]}`
}

func inBehavior(flag string) string {
	return `{"data":[{"attributes":{"behavior_analysis":{"devtools_open":` + flag + `}}}]}`
}

// services are the fields of a client that list records.
func services() (names []string) {
	for field := range reflect.TypeFor[beltic.Client]().Fields() {
		if _, lists := field.Type.MethodByName("List"); lists {
			names = append(names, field.Name)
		}
	}
	return names
}

func clientOver(transport http.RoundTripper) *beltic.Client {
	return must(beltic.NewClient(testKey, beltic.WithMaxRetries(0), over(transport)))
}

// methodOf is a call of a service.
func methodOf(client *beltic.Client, service, name string) reflect.Value {
	return reflect.ValueOf(client).Elem().FieldByName(service).MethodByName(name)
}

// listAndGet gets the first page of a service, and the first record of it: by its id, where the
// service has Get.
func (l *lab) listAndGet(client *beltic.Client, service string) (page, record reflect.Value) {
	call := func(method, argument reflect.Value) reflect.Value {
		results := method.Call([]reflect.Value{reflect.ValueOf(l.ctx), argument})
		err, _ := results[1].Interface().(error)
		require.NoError(l, err)
		return results[0].Elem()
	}
	list := methodOf(client, service, "List")
	page = call(list, reflect.Zero(list.Type().In(1)))
	records := page.FieldByName("Data")
	require.NotZero(l, records.Len(), "no %s are listed: does beltictest.WithGenerated give them to a server?", service)
	record = records.Index(0)
	if get := methodOf(client, service, "Get"); get.IsValid() {
		record = call(get, record.FieldByName("ID"))
	}
	return page, record
}

// recordOf is JSON of a service's records, with a value for every member.
func (l *lab) recordOf(service string) map[string]any {
	srv := beltictest.Start(l.T, beltictest.InMemory(), beltictest.WithGenerated(1, 20))
	_, generated := l.listAndGet(srv.Client(), service)
	record := filled(generated.Type(), service).(map[string]any)
	record["type"] = generated.FieldByName("Type").String()
	return record
}

// fillOptions sets every option that is a parameter of the query, but where the list starts.
func fillOptions(v reflect.Value) {
	for field, value := range v.Fields() {
		switch name := field.Tag.Get("url"); {
		case name == "-", strings.HasPrefix(name, "after"), strings.HasPrefix(name, "before"):
		case value.Kind() == reflect.String:
			value.SetString("text")
		case value.Kind() == reflect.Int:
			value.SetInt(5)
		case value.Kind() == reflect.Bool:
			value.SetBool(true)
		case value.Kind() == reflect.Struct:
			fillOptions(value)
		}
	}
}

// filled is JSON for a type, with a value for every member.
func filled(t reflect.Type, name string) any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "2025-10-22T22:13:48Z"
	case strings.HasPrefix(t.Name(), "Optional["):
		return filled(t.Field(0).Type, name)
	case t.Kind() == reflect.Slice:
		return []any{filled(t.Elem(), name)}
	case t.Kind() == reflect.Float64:
		return 12.5
	case t.Kind() == reflect.Bool:
		return true
	case t.Kind() == reflect.String:
		return "text of " + name
	}
	members := map[string]any{}
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag != "-" {
			members[tag] = filled(field.Type, tag)
		}
	}
	if name == "data" {
		members["type"] = "account"
	}
	return members
}

// sameShape compares what must survive a recording: numbers, booleans, types of resources, and
// which members there are.
func (l *lab) sameShape(recorded, replayed reflect.Value, place string) {
	require.Equal(l, recorded.IsZero(), replayed.IsZero(), place)
	switch recorded.Kind() {
	case reflect.Float64, reflect.Bool:
		assert.True(l, recorded.Equal(replayed), place)
	case reflect.Slice:
		require.Equal(l, recorded.Len(), replayed.Len(), place)
		for i := range recorded.Len() {
			l.sameShape(recorded.Index(i), replayed.Index(i), place)
		}
	case reflect.String:
		assert.True(l, !strings.HasSuffix(place, ".Type") || recorded.Equal(replayed), place)
	case reflect.Struct:
		for field, value := range recorded.Fields() {
			isShown := field.IsExported() && cmp.Or(field.Tag.Get("json"), "-") != "-" && recorded.Type() != reflect.TypeFor[time.Time]()
			if isShown || strings.HasPrefix(recorded.Type().Name(), "Optional[") {
				l.sameShape(value, replayed.FieldByIndex(field.Index), place+"."+field.Name)
			}
		}
	}
}
