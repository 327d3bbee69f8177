package ecosystem

import (
	htmltemplate "html/template"
	"io"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	beltic "github.com/belticlabs/beltic-go"
)

// templates are both packages of templates.
var templates = map[string]func(text string) (interface{ Execute(io.Writer, any) error }, error){
	"text": func(text string) (interface{ Execute(io.Writer, any) error }, error) {
		return texttemplate.New("x").Parse(text)
	},
	"html": func(text string) (interface{ Execute(io.Writer, any) error }, error) {
		return htmltemplate.New("x").Parse(text)
	},
}

func execute(t *testing.T, kind, text string, data any) string {
	t.Helper()
	tmpl, err := templates[kind](text)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, tmpl.Execute(&out, data))
	return out.String()
}

func TestATemplatePrintsTheLeafThatItNames(t *testing.T) {
	s := canarySession()
	s.Person.BirthDate = "1990-05-15"
	for kind := range templates {
		for _, data := range []any{s, &s} {
			assert.Equal(t, "1990-05-15", execute(t, kind, `{{.Person.BirthDate}}`, data))
			assert.Equal(t, canary, execute(t, kind, `{{.Person.Name.First}}`, data))
			assert.Equal(t, "70707.75", execute(t, kind, `{{.BehaviorAnalysis.BotScore}}`, data))
			assert.Equal(t, "70707.8", execute(t, kind, `{{printf "%.1f" .BehaviorAnalysis.BotScore}}`, data))
			assert.Equal(t, "true", execute(t, kind, `{{.BehaviorAnalysis.DevtoolsOpen}}`, data))
			assert.Equal(t, "approved", execute(t, kind, `{{.Status}}`, data))
			assert.Equal(t, "2025", execute(t, kind, `{{.CreatedAt.Year}}`, data))
			assert.Equal(t, "yes", execute(t, kind, `{{if .BehaviorAnalysis.BotScore.Valid}}yes{{end}}`, data))
		}
		assert.Equal(t, "unset", execute(t, kind, `{{.BehaviorAnalysis.BotScore}}`, beltic.Session{}))
		assert.Equal(t, "0.5", execute(t, kind, `{{.BehaviorAnalysis.BotScore.Or 0.5}}`, beltic.Session{}))
	}
}

func TestATemplatePrintsNothingPersonalOfAStruct(t *testing.T) {
	s := canarySession()
	for kind := range templates {
		for _, text := range []string{
			`{{.}}`, `{{.Person}}`, `{{.Person.Name}}`, `{{.Contact}}`, `{{.Address}}`, `{{.Business}}`, `{{.BehaviorAnalysis}}`,
			`{{.SessionAttributes}}`, `{{.IdentityNumbers}}`, `{{range .IdentityNumbers}}{{.}}{{end}}`, `{{.Business.Shareholders}}`,
			`{{printf "%+v %#v %d" . .Person .Contact}}`, `{{print .Person .Contact}}`, `<a title="{{.Person}}">`,
		} {
			for _, data := range []any{s, &s} {
				requireShut(t, execute(t, kind, text, data), text)
			}
		}
		requireShut(t, execute(t, kind, `{{.}}`, (*beltic.Session)(nil)))
		requireShut(t, execute(t, kind, `{{.}}`, canaryPage(t)))
		requireShut(t, execute(t, kind, `{{.}}`, canaryOptions))
		for name, err := range failures(t) {
			requireShut(t, execute(t, kind, `{{.}}`, err), name)
		}
	}
}

// Inside a script, html/template asks a struct for its String, and encodes a list as JSON, which is
// an export.
func TestAScriptInATemplateShowsNothingPersonalOfAStruct(t *testing.T) {
	s := canarySession()
	for _, text := range []string{
		`<script>var v = {{.}}</script>`, `<script>var v = {{.Person}}</script>`, `<a onclick="f({{.Contact}})">`,
	} {
		requireShut(t, execute(t, "html", text, s), text)
		requireShut(t, execute(t, "html", text, &s), text)
	}
	assert.Contains(t, execute(t, "html", `<script>var v = {{.IdentityNumbers}}</script>`, s), canary)
	score := `<script>var v = {{.BehaviorAnalysis.BotScore}}</script>`
	assert.Equal(t, `<script>var v =  70707.75 </script>`, execute(t, "html", score, s))
}
