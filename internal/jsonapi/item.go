package jsonapi

// StartItem is called before an element of the data of a document, which is read strictly, and
// returns the place.
func (r *Reader) StartItem() Mark {
	r.text.startRecord()
	r.lenience = strict
	return r.Mark()
}

// RetryItem goes back to the start of an element, to read it again without what is of the wrong
// kind.
func (r *Reader) RetryItem(start Mark) {
	r.rewind(start)
	r.text.startRecord()
	r.lenience = salvaging
}

// SkipItem goes after an element that could not be read, so that a duplicate name or a broken
// string in there stays that element's own fault. Its error is one of JSON's grammar, which leaves
// nothing to go on after.
func (r *Reader) SkipItem(start Mark) error {
	r.rewind(start)
	_, err := r.Raw()
	return err
}

// EndItem is called after an element, and returns it as it was sent, a piece of the document.
func (r *Reader) EndItem(start Mark) []byte {
	r.text.startRecord()
	r.lenience = lenient
	r.unknown = append(r.unknown[:0], r.leftOut[start.leftOut:]...)
	r.leftOut = r.leftOut[:start.leftOut]
	return r.buf[start.pos:r.pos:r.pos]
}
