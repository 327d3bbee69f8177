package beltic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/davecgh/go-spew/spew"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/belticlabs/beltic-go"
)

// canary is part of every personal value below.
const canary = "caNary7"

// canarySession is a session whose every personal leaf holds the canary, or a number that appears
// nowhere else.
func canarySession(t *testing.T) beltic.Session {
	t.Helper()
	sample := sampleSession(t)
	leaves("", sample, nil, func(path string, leaf any, set func(any)) {
		switch {
		case strings.HasPrefix(path, "relationships"), path == "id", path == "type", path == "attributes.status", path == "attributes.entity_type":
		case strings.HasSuffix(path, "_at"):
			set("2025-10-22T22:13:48Z")
		default:
			switch leaf.(type) {
			case string:
				set(canary + path)
			case float64:
				set(70707.75)
			}
		}
	})
	sample["attributes"].(map[string]any)["unknown"] = canary
	text, err := json.Marshal(sample)
	require.NoError(t, err)
	var session beltic.Session
	require.NoError(t, json.Unmarshal(text, &session))
	return session
}

// verbs are all but p, w and T, with flags. For %p and %w package fmt asks no method of a value, and
// go vet refuses both.
var verbs = func() (all []string) {
	for _, flags := range []string{"", "+", "#", "10.3", "-20"} {
		for _, verb := range "vsqxXdtobeEfFgGcOUy" {
			all = append(all, "%"+flags+string(verb))
		}
	}
	return all
}()

// printers print a struct wherever it stands in other values.
var printers = func() map[string]func(io.Writer, any) {
	all := map[string]func(io.Writer, any){
		"Sprint":   func(w io.Writer, v any) { io.WriteString(w, fmt.Sprint(v)) },
		"Sprintln": func(w io.Writer, v any) { io.WriteString(w, fmt.Sprintln(v)) },
		"log":      func(w io.Writer, v any) { log.New(w, "", 0).Println(v) },
		"Errorf":   func(w io.Writer, v any) { io.WriteString(w, errors.Join(fmt.Errorf("x: %+v", v)).Error()) },
		"template": func(w io.Writer, v any) { template.Must(template.New("").Parse(`{{.}}`)).Execute(w, v) },
		"panic": func(w io.Writer, v any) {
			defer func() { fmt.Fprintf(w, "panic: %v", recover()) }()
			panic(fmt.Sprintf("%+v", v))
		},
		"slog as text": func(w io.Writer, v any) {
			slog.New(slog.NewTextHandler(w, nil)).With("w", v).Info("x", "v", v, slog.Group("g", "v", v))
		},
	}
	for _, verb := range verbs {
		all[verb] = func(w io.Writer, v any) { fmt.Fprintf(w, verb, v) }
	}
	return all
}()

// encoders are loggers that write JSON: they ask a struct or a pointer to one, and nothing in other
// values. SECURITY.md says so.
var encoders = map[string]func(io.Writer, any){
	"slog as JSON": func(w io.Writer, v any) {
		slog.New(slog.NewJSONHandler(w, nil)).With("w", v).Info("x", "v", v, slog.Group("g", "v", v))
	},
	"zap.Any": func(w io.Writer, v any) {
		switch v := v.(type) {
		case error:
			io.WriteString(w, v.Error())
		case fmt.Stringer:
			io.WriteString(w, v.String())
		default:
			json.NewEncoder(w).Encode(v)
		}
	},
}

// holders are other values that a value may stand in.
func holders(v reflect.Value) map[string]any {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	slice := func(v reflect.Value) reflect.Value {
		return reflect.Append(reflect.Zero(reflect.SliceOf(v.Type())), v)
	}
	byName := func(v reflect.Value) reflect.Value {
		m := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), v.Type()))
		m.SetMapIndex(reflect.ValueOf("k"), v)
		return m
	}
	field := func(v reflect.Value) reflect.Value {
		s := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: v.Type()}})).Elem()
		s.Field(0).Set(v)
		return s
	}
	array := reflect.New(reflect.ArrayOf(1, v.Type())).Elem()
	array.Index(0).Set(v)
	all := map[string]any{
		"slice":         slice(v).Interface(),
		"array":         array.Interface(),
		"map":           byName(v).Interface(),
		"field":         field(v).Interface(),
		"any":           []any{v.Interface()},
		"field of any":  struct{ V any }{v.Interface()},
		"map of any":    map[string]any{"k": v.Interface()},
		"map of slices": byName(slice(v)).Interface(),
		"nested":        slice(field(byName(v))).Interface(),
	}
	// Package fmt asks no method of a pointer to a slice inside another value. SECURITY.md says so.
	if v.Kind() == reflect.Struct {
		all["slice of pointers"] = slice(p).Interface()
		all["map of pointers"] = byName(p).Interface()
		all["field of pointer"] = field(p).Interface()
		all["pointer in any"] = []any{p.Interface()}
	}
	return all
}

// unshut are the exported structs, apart from errors, that need no methods for printing.
var unshut = map[string]string{
	"Attempt":   "is made to be logged, of texts that are safe",
	"Drift":     "is made to be logged, of texts that are safe",
	"RateLimit": "holds numbers of the API's limits",
	"ToOne":     "prints as the ResourceRef that it embeds",
	"Optional":  "is a leaf, which prints in full",
}

// libraryWords are the fields of errors that the library fills with its own words, or with a host.
var libraryWords = []string{"Kind", "NotRetried", "Reason", "Detail", "Pointer", "Limit", "Field", "Problem", "Host", "From", "To"}

// isSafe reports whether a field never holds what the API or a caller wrote.
func isSafe(typ reflect.Type, field string) bool {
	switch {
	case typ == reflect.TypeFor[beltic.Attempt](), typ == reflect.TypeFor[beltic.Drift]():
		return true
	default:
		return isError(typ) && slices.Contains(libraryWords, field)
	}
}

func isError(typ reflect.Type) bool {
	return reflect.PointerTo(typ).Implements(reflect.TypeFor[error]())
}

// Every exported struct prints nothing but what is safe, whatever prints it. A new one fails here
// until it has its lines in printing.go.
func TestPrintingShowsNothingPersonal(t *testing.T) {
	checks := 0
	for _, typ := range exportedTypes(t) {
		t.Run(typ.String(), func(t *testing.T) {
			name, _, _ := strings.Cut(typ.Name(), "[")
			p := reflect.New(typ)
			fillWithCanaries(p.Elem())
			isService := strings.HasSuffix(name, "Service") // which holds a client
			if unshut[name] == "" && !isService && !isError(typ) {
				methods := []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[slog.LogValuer]()}
				if name == "Client" || name == "Iterator" {
					methods = methods[:1] // their fields are not exported, so only package fmt sees them
				}
				for _, method := range methods {
					require.True(t, typ.Implements(method), "no %v by value: give it a LogValue in printing.go, and run go generate ./...", method)
				}
				assert.Regexp(t, "^"+name+`\[.*\]$`, fmt.Sprint(p.Elem()))
			}
			values := holders(p.Elem())
			values["alone"], values["pointer"] = p.Elem().Interface(), p.Interface()
			for holder, v := range values {
				for printer, print := range printers {
					expectNoCanary(t, print, v, printer+" of "+holder)
					checks++
				}
			}
			for encoder, print := range encoders {
				expectNoCanary(t, print, p.Interface(), encoder+" of pointer")
				if !isError(typ) { // an error is logged by its pointer
					expectNoCanary(t, print, p.Elem().Interface(), encoder)
				}
			}
		})
	}
	t.Logf("%d checks", checks)
}

func expectNoCanary(t *testing.T, print func(io.Writer, any), v any, how string) {
	t.Helper()
	var out bytes.Buffer
	print(&out, v)
	assert.NotEmpty(t, out.String(), how)
	for _, secret := range canaries {
		if strings.Contains(out.String(), secret) {
			assert.Fail(t, how+" shows "+secret, "%.300s", out.String())
			return
		}
	}
}

// canaries are the canary and its number, as the verbs of package fmt write them.
var canaries = []string{
	canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
	"70707.75", "7.070775e+04", "7.070775E+04",
}

// fillWithCanaries fills every text and number that a value holds.
func fillWithCanaries(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(canary + " 1") // which is no id
	case reflect.Float64:
		v.SetFloat(70707.75)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint('7')
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillWithCanaries(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`"` + canary + `"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillWithCanaries(v.Index(0))
	case reflect.Map: // of headers or of a query
		v.Set(reflect.ValueOf(map[string][]string{canary: {canary}}).Convert(v.Type()))
	case reflect.Interface: // the cause of an error
		v.Set(reflect.ValueOf(&beltic.DecodeError{Reason: beltic.ReasonType}))
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() && !isSafe(v.Type(), field.Name) {
				fillWithCanaries(value)
			}
		}
	}
}

// exportedTypes are the structs of the package, and its slices of them: those that a program gets
// from a service of the client or gives to one, and the errors and observations. It fails if the
// package declares another.
func exportedTypes(t *testing.T) []reflect.Type {
	var all []reflect.Type
	names := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		isOurs := typ.PkgPath() == reflect.TypeFor[beltic.Client]().PkgPath()
		if seen[typ] || typ.PkgPath() != "" && !isOurs && typ.Kind() != reflect.Func { // a func is an iter.Seq2
			return
		}
		seen[typ] = true
		name, _, _ := strings.Cut(typ.Name(), "[")
		if isOurs && (typ.Kind() == reflect.Struct || typ.Kind() == reflect.Slice) {
			names[name] = true
			if name != "Optional" {
				all = append(all, typ)
			}
		}
		switch typ.Kind() {
		case reflect.Struct:
			for field := range typ.Fields() {
				if field.IsExported() {
					walk(field.Type)
				}
			}
		case reflect.Slice, reflect.Pointer, reflect.Map:
			walk(typ.Elem())
		case reflect.Func:
			for in := range typ.Ins() {
				walk(in)
			}
			for out := range typ.Outs() {
				walk(out)
			}
		}
		for method := range typ.Methods() {
			walk(method.Type)
		}
	}
	walk(reflect.TypeFor[*beltic.Client]())
	for _, root := range []any{
		&beltic.APIError{}, &beltic.TransportError{}, &beltic.DecodeError{}, &beltic.ItemError{}, &beltic.ProtocolError{}, &beltic.RedirectError{},
		&beltic.LimitError{}, &beltic.ConfigError{}, &beltic.UncertainError{}, &beltic.Attempt{}, &beltic.Drift{},
	} {
		walk(reflect.TypeOf(root))
	}
	for _, name := range declaredTypes(t) {
		assert.True(t, names[name], "no call of a service of Client leads to %s: is its line in client.go missing? Else name it in the test", name)
	}
	return all
}

// declaredTypes are the names of the exported structs and slices that the package declares.
func declaredTypes(t *testing.T) (names []string) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				switch typ := spec.Type.(type) {
				case *ast.FuncType, *ast.InterfaceType:
				case *ast.Ident:
					if types.Universe.Lookup(typ.Name) == nil { // or it is a leaf
						names = append(names, spec.Name.Name)
					}
				default:
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}

func TestALeafPrintsAsItself(t *testing.T) {
	var s beltic.Session
	s.Person.BirthDate = "1990-05-15"
	s.BehaviorAnalysis.BotScore = beltic.Some(0.5)
	s.BehaviorAnalysis.DevtoolsOpen = beltic.Some(false)
	assert.Equal(t, "1990-05-15", fmt.Sprint(s.Person.BirthDate))
	assert.Equal(t, `"1990-05-15"`, fmt.Sprintf("%q", s.Person.BirthDate))
	assert.Equal(t, "0.5 0.50 false unset", fmt.Sprintf("%v %.2f %t %v", s.BehaviorAnalysis.BotScore, s.BehaviorAnalysis.BotScore,
		s.BehaviorAnalysis.DevtoolsOpen, s.BehaviorAnalysis.HesitationTime))
	var out strings.Builder
	require.NoError(t, template.Must(template.New("").Parse(`{{.Person.BirthDate}} {{.BehaviorAnalysis.BotScore}} {{.Person}}`)).Execute(&out, s))
	assert.Equal(t, "1990-05-15 0.5 "+s.Person.String(), out.String())
}

func TestARecordPrintsWhichItIs(t *testing.T) {
	session := canarySession(t)
	session.ID, session.Status, session.EntityType = "ses_1", beltic.SessionStatusApproved, canary
	session.Relationships.Documents.Data = []beltic.ResourceRef{{Type: "document", ID: "doc_1"}}
	account := beltic.Account{ID: canary + "@", AccountAttributes: beltic.AccountAttributes{Status: beltic.AccountStatusActive}}
	page := beltic.Page[beltic.Session]{Data: []beltic.Session{session}, Meta: beltic.Meta{Page: beltic.PageMeta{HasNextPage: true}}}
	for want, v := range map[string]any{
		"Session[id=ses_1 status=approved entity_type=unknown]":  session,
		"SessionAttributes[status=approved entity_type=unknown]": session.SessionAttributes,
		"Account[id=[hidden] status=active entity_type=]":        account,
		"ToMany[ResourceRef[type=document id=doc_1]]":            session.Relationships.Documents,
		"Page[records=1 hasNextPage=true]":                       page,
		"Response[status=200 request_id=req_1 attempts=2]":       beltic.Response{StatusCode: 200, RequestID: "req_1", Attempts: 2},
		"SessionListOptions[page=[size=7 total=true] status=approved entity_type=]": beltic.SessionListOptions{
			Page: beltic.PageOptions{Size: 7, Total: true, After: canary}, Status: beltic.SessionStatusApproved,
		},
		"Person[hidden: print the fields you mean, or encode it]": session.Person,
		"beltic: timeout, no response in time":                    beltic.TransportError{Kind: beltic.KindTimeout},
	} {
		assert.Equal(t, want, fmt.Sprint(v))
	}
	var out bytes.Buffer
	for _, v := range []any{session, &session} {
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		assert.Contains(t, out.String(), `"v":{"id":"ses_1","status":"approved","entity_type":"unknown"}`)
		out.Reset()
	}
}

// Log/slog itself catches the panic of a nil pointer's LogValue, and says so in the line.
func TestNilAndZeroPrintWithoutAPanic(t *testing.T) {
	var out bytes.Buffer
	for _, typ := range exportedTypes(t) {
		for _, v := range []any{reflect.Zero(typ).Interface(), reflect.New(typ).Interface(), reflect.Zero(reflect.PointerTo(typ)).Interface()} {
			out.Reset()
			for _, verb := range verbs {
				fmt.Fprintf(&out, verb, v)
			}
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
			text := out.String()
			if reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil() {
				text, _, _ = strings.Cut(text, "LogValue panicked")
			}
			assert.NotContains(t, strings.ToLower(text), "panic", "%T", v)
			assert.NotContains(t, text, ".go:", "%T", v)
		}
	}
}

// The key is out of reach even of a dumper that walks memory; personal data is not, which
// SECURITY.md says.
func TestADumperDoesNotFindTheKey(t *testing.T) {
	client, err := beltic.NewClient(testKey, beltic.WithUserAgent("x/1"))
	require.NoError(t, err)
	dumper := spew.ConfigState{Indent: " ", DisableMethods: true, MaxDepth: 30}
	dump := dumper.Sdump(client)
	assert.NotContains(t, dump, testKey)
	assert.Contains(t, dump, "api.beltic.com", "the dumper did walk the client")
	assert.Contains(t, dumper.Sdump(canarySession(t)), canary)
}

func TestNothingIsPrintedBeside(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = write, write
	log.SetOutput(write)
	server := bodies(page("c1", "a")).status(401, `{"message":"x"}`)
	_, walkErr := walkAll(t, newClient(t, server.RoundTrip), nil)
	os.Stdout, os.Stderr = stdout, stderr
	log.SetOutput(stderr)
	write.Close()
	require.Error(t, walkErr)
	var out bytes.Buffer
	_, err = out.ReadFrom(read)
	require.NoError(t, err)
	assert.Empty(t, out.String())
}
