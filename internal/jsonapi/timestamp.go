package jsonapi

import "time"

// parseTime reads an RFC 3339 timestamp of the years 1 to 9999, so that whatever it takes can be
// written again by [time.Time.MarshalText]. Package time is no help: it takes hours of one digit, a
// comma before the fraction and offsets of any size. An offset of zero is UTC; any other is kept,
// and is the same on every machine.
func parseTime(b []byte) (t time.Time, ok bool) {
	if len(b) < len("2006-01-02T15:04:05Z") || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return t, false
	}
	year, month, day := 100*twoDigits(b, 0)+twoDigits(b, 2), twoDigits(b, 5), twoDigits(b, 8)
	hour, minute, second := twoDigits(b, 11), twoDigits(b, 14), twoDigits(b, 17)
	nanoseconds, zone := fraction(b[19:])
	offset, ok := offsetOf(zone)
	if !ok || year < 1 || month < 1 || month > 12 || day < 1 || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 || nanoseconds < 0 {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nanoseconds, time.UTC)
	if day > 28 && t.Day() != day {
		return t, false // package time makes March 2 of February 30
	}
	if offset != 0 {
		t = t.Add(-offset).In(time.FixedZone("", int(offset/time.Second)))
	}
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
	if len(zone) != len("+00:00") || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' {
		return 0, false
	}
	hours, minutes := twoDigits(zone, 1), twoDigits(zone, 4)
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, uint(hours) < 24 && uint(minutes) < 60
}
