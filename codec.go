package beltic

import (
	"time"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

//go:generate go run ./internal/gencodec

// reader reads one document, or one record.
type reader struct {
	jsonapi.Reader
	wants  jsonapi.Kind                                 // of data: an array, or an object
	record func()                                       // reads one record of data
	tell   func(pointer string, faults []jsonapi.Fault) // of what is new in a record, or nil
	listed int                                          // elements of lists inside the records so far
}

// maxListed bounds the elements of all lists inside the records of a page: an empty shareholder
// takes 112 bytes for 3 of JSON.
const maxListed = 100_000

// object is a struct that is read from a JSON object. Its methods are generated from its json tags.
type object interface {
	members() []member                // in the order of the struct
	readMember(r *reader, i int) bool // into its field, which is zero; false if it cannot be read
	clearMember(i int)
}

type member struct {
	name   string
	quoted string // as it stands after another member
}

// decodeObject is fastest if members come in the order of the struct, which is that of the API's
// page. Null reads like absence, and a member that comes twice counts as missing. It returns false
// for what is no object.
func decodeObject(r *reader, v object) bool {
	if !r.Open('{') {
		return false
	}
	members := v.members()
	var seen uint64
	for next := 0; ; {
		i := next
		if i == len(members) || !r.Expect(members[i].name, members[i].quoted) {
			if !r.More() {
				return true
			}
			name := r.Name()
			if i = find(members, name, next); i < 0 {
				r.SkipUnknown(name)
				continue
			}
			r.Enter(members[i].name)
		}
		switch {
		case seen&(1<<i) != 0:
			v.clearMember(i)
			r.SkipRepeated()
		case !r.Null():
			v.readMember(r, i)
		}
		seen |= 1 << i
		next = i + 1
	}
}

// find returns the index of a member by its name, or -1 if it is unknown. It starts at the member
// that is expected next.
func find(members []member, name []byte, next int) int {
	for n := range members {
		if i := (next + n) % len(members); members[i].name == string(name) {
			return i
		}
	}
	return -1
}

func zero[T any](v *T) { *v = *new(T) }

func (r *reader) text(into *string) (isTaken bool) {
	*into, isTaken = r.Text()
	return isTaken
}

func (r *reader) number(into *float64) (isTaken bool) {
	*into, isTaken = r.Number()
	return isTaken
}

func (r *reader) bool(into *bool) (isTaken bool) {
	*into, isTaken = r.Bool()
	return isTaken
}

func (r *reader) time(into *time.Time) (isTaken bool) {
	*into, isTaken = r.Time()
	return isTaken
}

// decodeEnum reads a text of which some values are known.
func decodeEnum[E interface {
	~string
	enum
}](r *reader, into *E) bool {
	text, isTaken := r.Text()
	*into = E(text)
	if r.NotesNew && text != "" && !(*into).Known() {
		r.Note(jsonapi.Fault{Reason: jsonapi.ReasonNewValue})
	}
	return isTaken
}

type objectOf[T any] interface {
	*T
	object
}

// decodeList leaves out elements that cannot be decoded.
func decodeList[T any, P objectOf[T]](r *reader, list *[]T) bool {
	start := r.Mark()
	if !r.Open('[') {
		return false
	}
	for r.More() {
		if r.listed++; r.listed > maxListed {
			*list = nil
			r.RejectAt(start, "more elements than the lists of a page can have")
			return false
		}
		if *list == nil {
			*list = make([]T, 0, 2) // few lists have more
		}
		decodeElement[T, P](r, list)
	}
	return true
}

func decodeElement[T any, P objectOf[T]](r *reader, list *[]T) bool {
	n := len(*list)
	*list = append(*list, *new(T))
	if !decodeObject(r, P(&(*list)[n])) {
		*list = (*list)[:n]
		return false
	}
	return true
}

// identityNumbers may come as one object; an empty one is no number.
func (r *reader) identityNumbers(list *[]IdentityNumber) bool {
	if r.Kind() != jsonapi.KindObject {
		return decodeList(r, list)
	}
	if decodeElement(r, list) && (*list)[0] == (IdentityNumber{}) {
		*list = nil
	}
	return true
}
