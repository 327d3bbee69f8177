package main

import (
	"encoding/json"
	"fmt"

	"github.com/belticlabs/beltic-go"
)

// noise is how much slower two equal programs may look: an upper bound of exactly 1 is a matter of
// luck.
const noise = 0.05

// marshaling compares json.Marshal of the library's models with that of equal plain structs.
func marshaling(rounds int) (section, error) {
	s := section{title: "Encoding a page's sessions by json.Marshal", text: marshalText}
	t := table{head: []string{"page of 100", "µs/session, beltic-go", "plain structs",
		"ratio of times", "bytes, beltic-go", "bytes, plain"}}
	g := goal{
		name: "P9", reached: true,
		want: fmt.Sprintf("no slower than plain structs (upper bound ≤ %.2f×)", 1+noise),
	}
	for _, v := range variants() {
		if v.name != "full" && v.name != "mixed" {
			continue
		}
		ours, plain, err := decodeBoth(v)
		if err != nil {
			return s, err
		}
		ourBytes, plainBytes := 0, 0
		times, err := race(rounds, []entrant{
			marshalEntrant(v, ours, &ourBytes),
			marshalEntrant(v, plain, &plainBytes),
		})
		if err != nil {
			return s, err
		}
		r := ratioOf(times[0], times[1])
		t.add(v.name, fmt.Sprintf("%.2f", median(times[0])/1e3),
			fmt.Sprintf("%.2f", median(times[1])/1e3), r.String(),
			fmt.Sprint(ourBytes), fmt.Sprint(plainBytes))
		g.reached = g.reached && r.high <= 1+noise
		if g.got != "" {
			g.got += ", "
		}
		g.got += r.String()
	}
	s.tables, s.goals = []table{t}, []goal{g}
	return s, nil
}

const marshalText = `The same values on both sides, and json.Marshal of encoding/json for both. A
ratio above 1 means that the library's models are slower.`

// decodeBoth gives the sessions of each page of a variant, as models and as plain structs.
func decodeBoth(v *variant) (ours, plain []any, err error) {
	us, v1 := newLibrary(), newV1()
	for _, p := range v.pages {
		decoded, err := us.decode(p.body)
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, decoded.(*beltic.Page[beltic.Session]).Data)
		if decoded, err = v1.decode(p.body); err != nil {
			return nil, nil, err
		}
		plain = append(plain, decoded.(*plainPage).Data)
	}
	return ours, plain, nil
}

// marshalEntrant encodes one page after another, and tells how long the first one gets.
func marshalEntrant(v *variant, pages []any, first *int) entrant {
	n := batchSessions / v.size
	return entrant{units: n * v.size, batch: func() error {
		for i := range n {
			text, err := json.Marshal(pages[i%len(pages)])
			if err != nil {
				return err
			}
			if i == 0 {
				*first = len(text)
			}
		}
		return nil
	}}
}
