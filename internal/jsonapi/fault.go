package jsonapi

// Fault says where and why something in a document could not be taken, or is new to the library. It
// never holds a value of the document.
type Fault struct {
	Pointer string // RFC 6901, of known members only; "" is the whole
	Offset  int64  // bytes into the document, about
	Reason  string // one of the Reason constants
	Detail  string // what was wanted, where that is known; "" otherwise
	Member  string // the unknown member of the object at Pointer that has the fault, or ""
}

// The reasons of a [Fault].
const (
	ReasonSyntax    = "syntax"
	ReasonTrailing  = "trailing_data"
	ReasonUTF8      = "invalid_utf8"
	ReasonDuplicate = "duplicate_name"
	ReasonDepth     = "nested_too_deeply"
	ReasonType      = "wrong_type"
	ReasonValue     = "unusable_value"
	ReasonMissing   = "missing_member"
	ReasonNewMember = "unknown_member"
	ReasonNewValue  = "unknown_value"
)

// IsNew reports something that could be taken, but that the library does not know.
func (f *Fault) IsNew() bool { return f.Reason == ReasonNewMember || f.Reason == ReasonNewValue }

// IsBroken reports JSON that is broken rather than of another form than documented: it could mix
// people up.
func (f *Fault) IsBroken() bool {
	switch f.Reason {
	case ReasonType, ReasonValue, ReasonMissing, ReasonNewMember, ReasonNewValue:
		return false
	default:
		return true
	}
}

// Worst returns the first broken fault, or else the first that is not new. For that one a record is
// refused; nil is a record that is taken.
func Worst(faults []Fault) (worst *Fault) {
	for i := range faults {
		f := &faults[i]
		if f.IsBroken() {
			return f
		}
		if worst == nil && !f.IsNew() {
			worst = f
		}
	}
	return worst
}
