package jsonapi

import "time"

// Time takes an RFC 3339 timestamp of the years 1 to 9999, so that whatever it takes can be written
// again. It keeps the offset; one of zero is UTC. The texts that some servers send for no time, ""
// and the zero time, are the zero [time.Time].
func (r *Reader) Time() (t time.Time, ok bool) {
	start := r.Mark()
	text, ok := r.unquote()
	if !ok || len(text) == 0 {
		return t, ok
	}
	if t, ok = usualTime(text); ok {
		return t, true
	}
	if !isTimestamp(text) || t.UnmarshalText(text) != nil || t.Year() < 1 {
		r.RejectAt(start, "want an RFC 3339 timestamp")
		return time.Time{}, false
	}
	_, offset := t.Zone()
	if offset == 0 || t.IsZero() {
		return t.UTC(), true
	}
	// Package time prefers the zone of the machine if that has the same offset.
	return t.In(time.FixedZone("", offset)), true
}

// isTimestamp refuses what package time lets pass: hours of one digit, a comma before the fraction
// and offsets of any size.
func isTimestamp(text []byte) bool {
	if len(text) < len("2006-01-02T15:04:05Z") || text[13] != ':' || text[19] == ',' {
		return false
	}
	zone := text[len(text)-len("+00:00"):]
	return text[len(text)-1] == 'Z' || string(zone[1:3]) < "24" && string(zone[4:]) < "60"
}

// usualTime reads what timestamps usually are, in a third of the time: UTC, with or without a
// fraction. It leaves the last days of a month to package time, because not every month has them.
func usualTime(text []byte) (t time.Time, ok bool) {
	const seconds = len("2006-01-02T15:04:05")
	if len(text) <= seconds || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return t, false
	}
	year, month, day := digits(text[:4]), digits(text[5:7]), digits(text[8:10])
	hour, minute, second := digits(text[11:13]), digits(text[14:16]), digits(text[17:seconds])
	nanos, isFraction := 0, true
	if fraction := text[seconds : len(text)-1]; len(fraction) > 0 {
		nanos = digits(fraction[1:])
		for range 10 - len(fraction) {
			nanos *= 10
		}
		isFraction = fraction[0] == '.' && len(fraction) > 1 && len(fraction) <= 10
	}
	isTime := 0 < year && 0 < month && month <= 12 && 0 < day && day <= 28 &&
		0 <= hour && hour < 24 && 0 <= minute && minute < 60 && 0 <= second && second < 60 && 0 <= nanos
	if !isTime || !isFraction || text[len(text)-1] != 'Z' {
		return t, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}

// digits is a number of decimal digits, or less than 0.
func digits(text []byte) (n int) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
