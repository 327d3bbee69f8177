package beltic

import (
	"strconv"
	"time"

	"github.com/belticlabs/beltic-go/internal/jsonapi"
)

// object is the table that reads a struct from a JSON object: a line for each member, in the order
// of the struct's fields and of the API's page.
type object[T any] struct{ members []member[T] }

// member reads one member of an object into its field.
type member[T any] struct {
	name   string
	quoted string // as it stands after another member: ,"name":
	read   func(*reader, *T) error
}

// maxMembers is how many members an object can have, a bit for each.
const maxMembers = 64

func newObject[T any](members ...member[T]) *object[T] {
	if len(members) > maxMembers {
		panic("beltic: an object has more members than its table can tell apart")
	}
	return &object[T]{members}
}

func newMember[T any](name string, read func(*reader, *T) error) member[T] {
	return member[T]{name: name, quoted: `,"` + name + `":`, read: read}
}

// text is a member that is a string. Absence, null and "" are "".
func text[T any, S ~string](name string, at func(*T) *S) member[T] {
	return newMember(name, func(r *reader, v *T) error {
		text, err := r.Text()
		*at(v) = S(text)
		return err
	})
}

// enumText is a text of which some values are known.
func enumText[T any, S interface {
	~string
	enum
}](name string, at func(*T) *S) member[T] {
	plain := text(name, at)
	return newMember(name, func(r *reader, v *T) error {
		err := plain.read(r, v)
		if value := *at(v); value != "" && !value.Known() {
			r.Note("", DriftValue)
		}
		return err
	})
}

// number is a member that is a number. Absence and null are unset.
func number[T any](name string, at func(*T) *Optional[float64]) member[T] {
	return newMember(name, func(r *reader, v *T) error {
		n, err := r.Number()
		*at(v) = Optional[float64]{V: n, Valid: err == nil}
		return err
	})
}

// boolean is a member that is true or false. Absence and null are unset.
func boolean[T any](name string, at func(*T) *Optional[bool]) member[T] {
	return newMember(name, func(r *reader, v *T) error {
		b, err := r.Bool()
		*at(v) = Optional[bool]{V: b, Valid: err == nil}
		return err
	})
}

// timestamp is a member that is an RFC 3339 timestamp. Absence, null, "" and the zero time are the
// zero time.
func timestamp[T any](name string, at func(*T) *time.Time) member[T] {
	return newMember(name, func(r *reader, v *T) error {
		t, err := r.Time()
		*at(v) = t
		return err
	})
}

// nested is a member that is an object. Absence, null and {} are the zero struct.
func nested[T, N any](name string, at func(*T) *N, table *object[N]) member[T] {
	return newMember(name, func(r *reader, v *T) error { return table.read(r, at(v)) })
}

// list is a member that is an array of objects. Absence, null and [] are nil.
func list[T, E any, L ~[]E](name string, at func(*T) *L, element *object[E]) member[T] {
	return newMember(name, func(r *reader, v *T) (err error) {
		*at(v), err = readList(r, element)
		return err
	})
}

// oneOrMany is a member that is one object or an array of them. Absence, null, {} and [] are nil.
func oneOrMany[T any, E comparable, L ~[]E](name string, at func(*T) *L, element *object[E]) member[T] {
	return newMember(name, func(r *reader, v *T) (err error) {
		if r.Kind() == jsonapi.KindObject {
			*at(v), err = readOne(r, element)
		} else {
			*at(v), err = readList(r, element)
		}
		return err
	})
}

// reader reads one document, or one record.
type reader struct {
	jsonapi.Reader
	wants   jsonapi.Kind // of data: an array, or an object
	element func() error // reads that, or one element of it
	unknown func(jsonapi.LeftOut)
	room    func(*reader) // makes room for the lists of a record
	hasRoom bool          // since the record has asked for it
	listed  int           // elements of lists so far
	spaces  []any         // of *space[E] for each type E
}

// space is memory for the elements of one type, for one record.
type space[E any] struct{ free []E }

// startRecord gives the next record memory of its own: who keeps a record keeps that and nothing of
// another.
func (r *reader) startRecord() { r.hasRoom = false }

// spaceOf finds the memory for elements of a type.
func spaceOf[E any](r *reader) *space[E] {
	for _, s := range r.spaces {
		if s, ok := s.(*space[E]); ok {
			return s
		}
	}
	s := &space[E]{}
	r.spaces = append(r.spaces, s)
	return s
}

// open finds the memory for elements of a type, and makes room for the usual lists of a record in
// one allocation.
func open[E any](r *reader) *space[E] {
	if !r.hasRoom && r.room != nil {
		r.room(r)
	}
	r.hasRoom = true
	return spaceOf[E](r)
}

// minGrowth is how many elements more are made room for where a list has outgrown what it had.
const minGrowth = 4

// add gives a list one more element, which is zero.
func (s *space[E]) add(elements []E) []E {
	if len(elements) == cap(elements) {
		grown := make([]E, len(elements), len(elements)+max(len(elements), minGrowth))
		copy(grown, elements)
		elements = grown
	}
	elements = elements[:len(elements)+1]
	clear(elements[len(elements)-1:])
	return elements
}

// take returns a list that was added to s.free, and keeps what is left.
func (s *space[E]) take(elements []E) []E {
	n := len(elements)
	if n == 0 {
		return nil
	}
	if n <= cap(s.free) {
		s.free = s.free[n:n:cap(s.free)]
	}
	// The capacity ends here, so appending to one list cannot write into the next.
	return elements[:n:n]
}

// maxListed bounds the elements of all lists inside the records of a page: an empty shareholder
// takes 112 bytes for 3 of JSON.
const maxListed = 100_000

func readOne[E comparable](r *reader, table *object[E]) ([]E, error) {
	s := open[E](r)
	elements := s.add(s.free)
	if err := table.read(r, &elements[0]); err != nil {
		return nil, err
	}
	// An empty object is no identity number.
	if elements[0] == *new(E) {
		return nil, nil
	}
	return s.take(elements), nil
}

func readList[E any](r *reader, table *object[E]) ([]E, error) {
	if err := r.Open('['); err != nil {
		return nil, err
	}
	s := open[E](r)
	elements := s.free
	for i := 0; ; i++ {
		more, err := r.More(i == 0, ']')
		if err != nil {
			return nil, err
		}
		if !more {
			return s.take(elements), nil
		}
		if r.listed++; r.listed > maxListed {
			return nil, r.Unusable("more elements than the lists of a page can have")
		}
		start, last := r.Mark(), len(elements)
		elements = s.add(elements)
		if err := table.read(r, &elements[last]); err != nil {
			if err := r.Forgive(strconv.Itoa(i), start, err); err != nil {
				return nil, err
			}
			elements = elements[:last]
		} else if r.HasLeftOut(start) {
			r.Under(strconv.Itoa(i), start)
		}
	}
}

// read reads an object into *v, which is zero.
func (o *object[T]) read(r *reader, v *T) error {
	if err := r.Open('{'); err != nil {
		return err
	}
	var seen uint64
	var others jsonapi.Names
	for i, isFirst := -1, true; ; isFirst = false {
		next := i + 1
		if next < len(o.members) && o.members[next].isNext(r, isFirst) {
			i = next
		} else {
			more, err := r.More(isFirst, '}')
			if err != nil {
				return err
			}
			if !more {
				return nil
			}
			name, err := r.Name()
			if err != nil {
				return err
			}
			known, ok := o.find(name, next)
			if !ok {
				if r.NotesUnknown {
					r.Note(shownMember(string(name)), DriftMember)
				}
				if others, err = r.Skip(name, others); err != nil {
					return err
				}
				continue
			}
			i = known
		}
		m := &o.members[i]
		if seen&(1<<i) != 0 {
			if err := r.Repeated(m.name); err != nil {
				return err
			}
			continue
		}
		seen |= 1 << i
		if r.Null() {
			continue
		}
		value := r.Mark()
		if err := m.read(r, v); err != nil {
			if err := r.Forgive(m.name, value, err); err != nil {
				return err
			}
		} else if r.HasLeftOut(value) {
			r.Under(m.name, value)
		}
	}
}

// isNext takes the name of the member, if that is next and no white space is about.
func (m *member[T]) isNext(r *reader, isFirst bool) bool {
	if isFirst {
		return r.Take(m.quoted[1:])
	}
	return r.Take(m.quoted)
}

// find looks up a member by its name, first where it stands if the members come in the order of the
// table.
func (o *object[T]) find(name []byte, next int) (int, bool) {
	for i := next; i < len(o.members); i++ {
		if o.members[i].name == string(name) {
			return i, true
		}
	}
	for i := range min(next, len(o.members)) {
		if o.members[i].name == string(name) {
			return i, true
		}
	}
	return 0, false
}
