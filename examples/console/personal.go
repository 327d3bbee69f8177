package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// part is some of a session's personal data that a reviewer may ask for.
type part struct {
	name, title string
	fields      []field
}

type field struct {
	column, label string
	isOfOneType   bool // a person has it or a business, so that its absence says nothing
}

var parts = []part{
	{"identity", "Name, birth date and business", []field{
		{"person_name_first", "First name", true},
		{"person_name_middle", "Middle name", true},
		{"person_name_last", "Last name", true},
		{"person_birth_date", "Date of birth", true},
		{"business_legal_name", "Legal name", true},
		{"business_registration_date", "Date of registration", true},
	}},
	{"contact", "Contact and address", []field{
		{"contact_email", "Email", false},
		{"contact_phone", "Phone", false},
		{"address_line1", "Address line 1", false},
		{"address_line2", "Address line 2", false},
		{"address_sublocality", "District", false},
		{"address_locality", "City", false},
		{"address_administrative_area", "State or region", false},
		{"address_postal_code", "Postal code", false},
		{"address_country_code", "Country", false},
	}},
	{"numbers", "Identity numbers and shareholders", []field{
		{"identity_numbers", "Identity numbers", false},
		{"business_shareholders", "Shareholders", true},
	}},
	{"raw", "Exact JSON", []field{
		{"raw", "The session as the API sent it", false},
	}},
}

func personalColumns() (columns []string) {
	for _, p := range parts {
		columns = append(columns, p.columns()...)
	}
	return columns
}

func (p part) columns() (columns []string) {
	for _, f := range p.fields {
		columns = append(columns, f.column)
	}
	return columns
}

// presenceOf asks only whether columns have a value. What is hidden never leaves the database.
func presenceOf(columns []string) string {
	all := make([]string, len(columns))
	for i, column := range columns {
		all[i] = fmt.Sprintf("%s IS NOT NULL AS %[1]s", column)
	}
	return strings.Join(all, ", ")
}

// group is a part on a page.
type group struct {
	Name, Title string
	Lines       []line
	IsShown     bool
	IsEmpty     bool // there is nothing to ask for
}

// line is a field on a page.
type line struct {
	Label   string
	Word    string // instead of a value: hidden, none, not stored
	Text    string
	Records [][]line // of a list
	JSON    string
	IsShown bool
	field   field
}

const (
	isHidden = "Hidden"
	none     = "None"
)

// hidden are the parts of a session with a word for each field.
func hidden(presence row, p privacy) (groups []group) {
	for _, part := range parts {
		g := group{Name: part.name, Title: part.title, IsEmpty: true}
		for _, f := range part.fields {
			word := p.Word(f.column)
			if word == "" {
				word = none
				if present, _ := presence[f.column].flag(); present {
					word, g.IsEmpty = isHidden, false
				}
			}
			if word != none || !f.isOfOneType {
				g.Lines = append(g.Lines, line{Label: f.label, Word: word, field: f})
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// personal puts the values of the chosen parts into the groups of a page.
func (d *database) personal(ctx context.Context, id string, chosen map[string]bool, groups []group) error {
	var columns []string
	for _, p := range parts {
		if chosen[p.name] {
			columns = append(columns, p.columns()...)
		}
	}
	found, err := d.queryOne(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM sessions WHERE id = $1", id)
	if err != nil {
		return err
	}
	for i, p := range parts {
		if !chosen[p.name] {
			continue
		}
		groups[i].IsShown = true
		for j, l := range groups[i].Lines {
			if l.Word == isHidden {
				groups[i].Lines[j] = shown(l.field, found[l.field.column].Text())
			}
		}
	}
	return nil
}

// shown is a field with its value.
func shown(f field, text string) line {
	l := line{Label: f.label, Text: text, IsShown: true}
	switch f.column {
	case "raw":
		var indented bytes.Buffer
		if json.Indent(&indented, []byte(text), "", "  ") == nil {
			l.JSON, l.Text = indented.String(), ""
		}
	case "identity_numbers", "business_shareholders":
		if records, ok := recordsOf(text); ok {
			l.Records, l.Text = records, ""
		}
	}
	return l
}

// recordsOf reads a list of JSON objects, with their members in the order in which they were sent.
func recordsOf(text string) (records [][]line, ok bool) {
	var objects []json.RawMessage
	if json.Unmarshal([]byte(text), &objects) != nil {
		return nil, false
	}
	for _, object := range objects {
		members, ok := membersOf(object)
		if !ok {
			return nil, false
		}
		records = append(records, members)
	}
	return records, true
}

func membersOf(object []byte) (lines []line, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
		return nil, false
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			return nil, false
		}
		var text string
		if json.Unmarshal(member, &text) != nil {
			text = string(member) // a number or whatever else, as it was sent
		}
		lines = append(lines, line{Label: sentence(fmt.Sprint(name)), Text: text, IsShown: true})
	}
	return lines, true
}
