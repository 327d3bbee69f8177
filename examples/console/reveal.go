package main

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
)

// revealForm is how a reviewer asks for personal data.
type revealForm struct {
	Chosen    map[string]bool // by part
	Reason    string
	Reference string
	Mistakes  map[string]string // by the field's name
	IsShown   bool
}

// reasons are a list: a text of one's own would bring personal data into the audit log.
var reasons = []string{
	"Manual review",
	"Fraud investigation",
	"Request of the person concerned",
	"Request of an authority or auditor",
	"Correction of data",
	"Technical fault",
}

// Reasons are the options of the form.
func (f revealForm) Reasons() []choice {
	return choices(f.Reason, "Choose a reason", slices.Concat([]string{""}, reasons))
}

// reference is the number of a case, and referenceRule says the same in words. A free word would
// have room for a surname, and more digits for a phone or identity number.
var reference = regexp.MustCompile(`^(KYC|AML|FRAUD)-[0-9]{1,6}$`)

const referenceRule = "KYC-, AML- or FRAUD- and up to 6 digits"

// ReferenceRule is the hint of the form.
func (revealForm) ReferenceRule() string { return referenceRule }

const longestForm = 16 << 10

// reveal shows personal data. What is shown, to whom and why is in the audit log before.
func (c *console) reveal(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		c.problem(w, r, problemForm)
		return
	}
	view, ok := c.load(w, r)
	if !ok {
		return
	}
	view.Form = parseReveal(r.PostForm)
	if len(view.Form.Mistakes) > 0 {
		c.show(w, r, http.StatusUnprocessableEntity, view)
		return
	}
	id := view.Session["id"].Text()
	if err := c.db.record(r.Context(), c.entry(id, view.Form)); err != nil {
		c.note(r, err)
		c.problem(w, r, problemAudit)
		return
	}
	if err := c.db.personal(r.Context(), id, view.Form.Chosen, view.Personal); err != nil {
		c.fail(w, r, err)
		return
	}
	view.Form.IsShown = true
	c.show(w, r, http.StatusOK, view)
}

func parseReveal(sent url.Values) revealForm {
	f := revealForm{Chosen: map[string]bool{}, Mistakes: map[string]string{}, Reason: sent.Get("reason"), Reference: sent.Get("reference")}
	for _, p := range parts {
		if slices.Contains(sent["part"], p.name) {
			f.Chosen[p.name] = true
		}
	}
	if len(f.Chosen) == 0 {
		f.Mistakes["part"] = "Choose what to show."
	}
	if !slices.Contains(reasons, f.Reason) {
		f.Mistakes["reason"] = "Choose a reason."
	}
	if f.Reference != "" && !reference.MatchString(f.Reference) {
		f.Reference, f.Mistakes["reference"] = "", "Write "+referenceRule+"."
	}
	return f
}

// entry is what the audit log will have.
func (c *console) entry(id string, f revealForm) entry {
	return entry{
		reviewer: c.reviewer, session: id,
		parts: slices.Sorted(maps.Keys(f.Chosen)), reason: f.Reason, reference: f.Reference,
	}
}
