package jsonapi

import "time"

// parseTime reads an RFC 3339 timestamp of the years 1 to 9999, so that whatever it takes can be
// written again by [time.Time.MarshalText]. Package time is no help: it takes hours of one digit, a
// comma before the fraction and offsets of any size. An offset of zero is UTC; any other is kept,
// and is the same on every machine.
func parseTime(b []byte) (t time.Time, ok bool) {
	// guard(1): a time is not too short for one
	// guard(2): a time has its first dash
	// guard(3): a time has its second dash
	// guard(4): a time is of the form of RFC 3339
	// guard(5): a time has its first colon
	// guard(6): a time has its second colon
	if len(b) < len("2006-01-02T15:04:05Z") || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return t, false
	}
	year, month, day := 100*twoDigits(b, 0)+twoDigits(b, 2), twoDigits(b, 5), twoDigits(b, 8)
	hour, minute, second := twoDigits(b, 11), twoDigits(b, 14), twoDigits(b, 17)
	nanoseconds, zone := fraction(b[19:])
	offset, ok := offsetOf(zone)
	// guard(2): a time has a year
	// guard(3): a month is not zero
	// guard(4): a time has a month
	// guard(5): a time has a day
	// guard(6): a time has no hour 24
	// guard(7): a time has a minute
	// guard(8): a time has no leap second
	if !ok || year < 1 || month < 1 || month > 12 || day < 1 || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 || nanoseconds < 0 {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, time.UTC)
	// guard: a time has a day that is
	if day > 28 && t.Day() != day {
		return t, false // package time makes March 2 of February 30
	}
	// guard(always): a time without an offset is UTC
	if offset != 0 {
		t = t.Add(-offset).In(time.FixedZone("", int(offset/time.Second)))
	}
	// guard: the zero time is none
	if t.IsZero() {
		return time.Time{}, true // what some servers send for null
	}
	return t, true
}

// notDigits is less than any sum with it that passes for a number.
const notDigits = -1 << 16

// twoDigits reads the two digits at i.
func twoDigits(b []byte, i int) int {
	tens, ones := b[i]-'0', b[i+1]-'0'
	// guard: a time has digits
	if tens > 9 || ones > 9 {
		return notDigits
	}
	return int(tens)*10 + int(ones)
}

// fraction reads the fraction of a second, if there is one, and returns what is after it. Digits
// after the ninth are dropped.
func fraction(b []byte) (nanoseconds int, rest []byte) {
	if b[0] != '.' {
		return 0, b
	}
	unit := int(time.Second)
	i := 1
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		unit /= 10
		nanoseconds += int(b[i]-'0') * unit
	}
	// guard: a time has digits after its point
	if i == 1 {
		return notDigits, b
	}
	return nanoseconds, b[i:]
}

// offsetOf reads Z or an offset from UTC.
func offsetOf(zone []byte) (offset time.Duration, ok bool) {
	if string(zone) == "Z" {
		return 0, true
	}
	// guard(!=→<): a time ends after its offset
	// guard(2): an offset has a sign
	// guard(3): an offset has a colon
	if len(zone) != len("+00:00") || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' {
		return 0, false
	}
	hours, minutes := twoDigits(zone, 1), twoDigits(zone, 4)
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if zone[0] == '-' {
		offset = -offset
	}
	// guard(2.1): a time has an offset of hours
	// guard(2.2): a time has an offset of minutes
	return offset, uint(hours) < 24 && uint(minutes) < 60
}
