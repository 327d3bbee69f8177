package beltictest

import (
	"encoding/json"
	"fmt"
)

// UnknownField adds a member that is not documented to the first record of the response, and one to
// the top level. A client ignores both; the record's is in its Raw, in a list if
// PageOptions.KeepRaw asked for that.
func UnknownField() Fault {
	return fault{"UnknownField", effect{ofPage, func(r *response) bool {
		if !r.isWhole() || !r.take(part{name: "unknown field"}) {
			return false
		}
		if records := r.doc.records; len(records) > 0 {
			records[0] = withAttribute("field_of_the_future", `{"unknown":[1,2,3]}`)(members(records[0]))
		}
		r.doc.extra = `"field_of_the_future":true,`
		return true
	}}}
}

// RecordFault is something wrong with one record of a response: the first of a page, unless
// [RecordFault.At] says which, or the one that was asked for. Make one with [PoisonRecord],
// [MissingID], [NullRecord], [DuplicateKey] or [UnknownStatus]; [Server.Inject] refuses the zero
// value. It waits for a response that has the record, and where no other fault has it: of those
// that make a record impossible to decode only one happens, and UnknownStatus happens beside
// PoisonRecord and MissingID, where Salvage shows it.
type RecordFault struct {
	name   string
	index  int // from 0
	layer  layer
	part   string // of the record
	change func(record map[string]json.RawMessage) []byte
}

// At chooses the k-th record of the page instead of the first. k counts from 1, so that it is one
// more than the Index of the [beltic.ItemError].
func (f RecordFault) At(k int) RecordFault {
	mustBePositive("At", k)
	f.index = k - 1
	return f
}

// String names the fault, and the record if it is not the first.
func (f RecordFault) String() string {
	if f.index == 0 {
		return f.name
	}
	return fmt.Sprintf("%s.At(%d)", f.name, f.index+1)
}

func (f RecordFault) effect() effect {
	if f.change == nil {
		return effect{}
	}
	return effect{f.layer, func(r *response) bool {
		if !r.isWhole() || f.index >= len(r.doc.records) || r.taken[recordPart(f.index)] || !r.take(part{f.part, f.index}) {
			return false
		}
		r.doc.records[f.index] = f.change(members(r.doc.records[f.index]))
		return true
	}}
}

// UnknownStatus gives a record a status that is not documented.
func UnknownStatus() RecordFault {
	return RecordFault{name: "UnknownStatus", layer: ofRecord, part: "status", change: withAttribute("status", `"under_observation"`)}
}

// PoisonRecord makes a record one that cannot be decoded: its creation time is a number. The client
// reports it as a [beltic.ItemError], whose Salvage reads the rest.
func PoisonRecord() RecordFault {
	return RecordFault{name: "PoisonRecord", layer: ofRecord, part: "members", change: withAttribute("created_at", "20240304")}
}

// MissingID sends a record without its id, which the client reports as a [beltic.ItemError] without
// an ID.
func MissingID() RecordFault {
	return RecordFault{name: "MissingID", layer: ofRecord, part: "members", change: func(record map[string]json.RawMessage) []byte {
		delete(record, "id")
		return mustMarshal(record)
	}}
}

// NullRecord sends null in the place of a record. In a page the client reports it as a
// [beltic.ItemError] without an ID, where one record was asked for as a [beltic.ProtocolError].
func NullRecord() RecordFault {
	return RecordFault{name: "NullRecord", layer: ofWholeRecord, part: wholeRecord, change: func(map[string]json.RawMessage) []byte { return []byte("null") }}
}

// DuplicateKey gives a record the member "id" twice, which the client reports as a
// [beltic.ItemError] without an ID.
func DuplicateKey() RecordFault {
	return RecordFault{name: "DuplicateKey", layer: ofWholeRecord, part: wholeRecord, change: func(record map[string]json.RawMessage) []byte {
		text := mustMarshal(record)
		return fmt.Appendf(nil, `{"id":%s,%s`, record["id"], text[1:])
	}}
}

// withAttribute sets an attribute of a record.
func withAttribute(name, value string) func(record map[string]json.RawMessage) []byte {
	return func(record map[string]json.RawMessage) []byte {
		attributes := members(record["attributes"])
		attributes[name] = json.RawMessage(value)
		record["attributes"] = mustMarshal(attributes)
		return mustMarshal(record)
	}
}

// members takes a JSON object apart.
func members(object []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		panic("beltictest: " + err.Error())
	}
	return m
}
