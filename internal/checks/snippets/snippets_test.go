package snippets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatTheDocumentationShowsCompiles(t *testing.T) {
	var all []snippet
	for _, name := range []string{"README.md", "SECURITY.md"} {
		found := inMarkdown(name, read(t, "../../../"+name))
		if len(found) == 0 {
			t.Errorf("%s shows no code", name)
		}
		all = append(all, found...)
	}
	for _, folder := range []string{".", "beltictest", "beltictest/recording"} {
		names, err := filepath.Glob(filepath.Join("../../..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			found, err := inComments(filepath.Join(folder, filepath.Base(name)), []byte(read(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, found...)
		}
	}
	if err := check(all, packagesByName(t)); err != nil {
		t.Errorf("doc.go says what a snippet may use.\n%v", err)
	}
}

func TestWhatIsWrongIsFound(t *testing.T) {
	known := packagesByName(t)
	for code, want := range map[string]string{
		"n := 1\nclient.Session.List(ctx, nil)":                    "x.md:8: client.Session undefined",
		"for range 2 {\n\t…\n}":                                    "x.md:8: illegal character U+2026",
		"func F() { fmt.Printn() }":                                "x.md:7: undefined: fmt.Printn",
		"r := rand.N(5)\nr = http.StatusOK\nvar _ = json.Valid(r)": "x.md:9: cannot use r",
		"package main\n\nimport \"fmt\"\n\nfunc main() {}":         `x.md:9: "fmt" imported and not used`,
		"package main\n\nimport \"gopkg.in/yaml.v3\"":              "no package gopkg.in/yaml.v3",
		"session, err := client.Sessions.Get(ctx, 5)":              "x.md:7: cannot use 5",
		"nowhere.Is()": "undefined: nowhere",
	} {
		err := check(inMarkdown("x.md", "\n\ntext\n\n\n```go\n"+code+"\n```\n"), known)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\tgot  %v\n\twant %s", code, err, want)
		}
	}
}

func TestWhatIsRightIsNotWrong(t *testing.T) {
	for _, code := range []string{
		"session, err := client.Sessions.Get(ctx, \"id\")",
		"client, err := beltic.NewClientFromEnv()\nif err != nil {\n\treturn err\n}",
		"func TestSync(t *testing.T) {\n\tsrv := beltictest.Start(t)\n\tt.Log(Sync, srv.URL)\n}\n\nvar Sync = 5",
		"transport := otelhttp.NewTransport(httpmock.NewMockTransport())\n_ = slog.Default()\nreturn nil",
		"player, err := recording.Replay(os.DirFS(\"testdata\"))",
		"// main.go\npackage main\n\nfunc main() {}",
		"func TestSync(t *testing.T) {\n\tif err := Sync(t.Context(), nil); err != nil {\n\t\tt.Fatal(err)\n\t}\n}",
	} {
		if err := check(inMarkdown("x.md", "```go\n"+code+"\n```\n"), packagesByName(t)); err != nil {
			t.Errorf("%s\n\t%v", code, err)
		}
	}
}

func packagesByName(t *testing.T) map[string]string {
	t.Helper()
	known, err := knownPackages()
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
