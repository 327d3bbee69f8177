package main

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

// console answers the requests.
type console struct {
	db       *database
	reviewer string
	now      func() time.Time
	log      *slog.Logger
}

//go:embed templates assets
var files embed.FS

func (c *console) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.list)
	mux.HandleFunc("GET /session", c.session)
	mux.HandleFunc("POST /session", c.reveal)
	mux.HandleFunc("GET /charts", c.charts)
	mux.HandleFunc("GET /charts/{name}", c.chart)
	mux.HandleFunc("GET /audit", c.audit)
	mux.HandleFunc("GET /console.css", asset)
	mux.HandleFunc("GET /icon.svg", asset)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { c.problem(w, r, problemNoPage) })
	return c.guard(mux)
}

// asset serves the files that are the same for everybody.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=60")
	http.ServeFileFS(w, r, files, "assets"+r.URL.Path)
}

// page is what the frame around every page needs, and the page's own data.
type page struct {
	Title    string
	Section  string // of the navigation
	Reviewer string
	IsDemo   bool
	Data     any
}

var templates = parseTemplates("list", "session", "charts", "audit", "problem")

func parseTemplates(names ...string) map[string]*template.Template {
	functions := template.FuncMap{
		"status": statusOf,
		"time":   func(v value) moment { at, ok := v.moment(); return moment{at, ok, v.IsNull()} },
		"count":  grouped,
		"short":  short,
	}
	frame := template.Must(template.New("frame.html").Funcs(functions).ParseFS(files, "templates/frame.html", "templates/parts.html"))
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.Must(frame.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return all
}

// render makes the whole page before it sends any of it: half a page is worse than an error.
func (c *console) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Reviewer, p.IsDemo = c.reviewer, c.db.isDemo
	var whole bytes.Buffer
	if err := templates[name].Execute(&whole, p); err != nil {
		c.note(r, err)
		http.Error(w, problemInside.Text, problemInside.Status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(whole.Bytes())
}

// moment is a time on a page.
type moment struct {
	at     time.Time
	ok     bool
	IsNull bool
}

func momentAt(at time.Time) moment { return moment{at: at, ok: true} }

func (m moment) IsReadable() bool { return m.ok }
func (m moment) Exact() string    { return m.at.UTC().Format(time.RFC3339Nano) }
func (m moment) Text() string     { return m.at.UTC().Format("2 Jan 2006, 15:04:05") }
func (m moment) Short() string    { return m.at.UTC().Format("2 Jan 2006, 15:04") }
func (m moment) Words() string    { return m.at.UTC().Format("2 January 2006") }
func (m moment) Day() string      { return m.at.UTC().Format(time.DateOnly) }
