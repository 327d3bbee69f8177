package main

import (
	"encoding/json"
	"fmt"

	"github.com/belticlabs/beltic-go"
	"github.com/belticlabs/beltic-go/internal/bench/plain"
)

// marshaling compares json.Marshal of the library's models with that of equal plain structs.
func marshaling(rounds int) (section, error) {
	s := section{title: "Encoding a page's sessions by json.Marshal", text: marshalText}
	t := table{head: []string{"page of 100", "µs/session, beltic-go", "plain structs",
		"ratio of times", "bytes allocated, beltic-go", "plain structs"}}
	for _, name := range []string{fullName, mixedName} {
		v := variantOf(name)
		models, structs, err := decodeBoth(v)
		if err != nil {
			return s, err
		}
		ours, theirs := marshalEntrant(v, models), marshalEntrant(v, structs)
		results, err := race(rounds, cpu, []entrant{theirs, ours})
		if err != nil {
			return s, err
		}
		our, err := ours.allocations()
		if err != nil {
			return s, err
		}
		their, err := theirs.allocations()
		if err != nil {
			return s, err
		}
		r := ratioOf(results[0][1], results[0][0])
		t.add(name, fmt.Sprintf("%.2f", median(results[0][1])/1e3),
			fmt.Sprintf("%.2f", median(results[0][0])/1e3), r.String(),
			fmt.Sprintf("%.0f", our.bytes), fmt.Sprintf("%.0f", their.bytes))
		s.atMost("P9", name+" sessions, × plain structs", forGo(1.4, 1.1), r)
	}
	s.tables = []table{t}
	return s, nil
}

const marshalText = `The same values on both sides, and json.Marshal of encoding/json for both. A
ratio above 1 means that the library's models are slower. Bytes are those of a session.`

// decodeBoth gives the sessions of each page of a variant, as models and as plain structs.
func decodeBoth(v *variant) (models, structs []any, err error) {
	us, v1 := newLibrary(v.size), newV1()
	for _, p := range v.pages(fewPages) {
		model, err := us.decode(p.body)
		if err != nil {
			return nil, nil, err
		}
		plainPage, err := v1.decode(p.body)
		if err != nil {
			return nil, nil, err
		}
		models = append(models, model.(*beltic.Page[beltic.Session]).Data)
		structs = append(structs, plainPage.(*plain.Page).Data)
	}
	return models, structs, nil
}

func marshalEntrant(v *variant, pages []any) entrant {
	n := v.batch / v.size
	return entrant{units: n * v.size, batch: func() error {
		for i := range n {
			if _, err := json.Marshal(pages[i%len(pages)]); err != nil {
				return err
			}
		}
		return nil
	}}
}
