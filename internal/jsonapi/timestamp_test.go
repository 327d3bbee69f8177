package jsonapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The usual form is read by itself, and must never give what package time refuses or gives otherwise.
func TestUsualTimesAreThoseOfPackageTime(t *testing.T) {
	taken := 0
	for _, year := range []string{"0000", "0001", "2024", "9999", "20a4", "/024", ":024"} {
		for _, month := range []string{"00", "01", "02", "12", "13"} {
			for _, day := range []string{"00", "01", "28", "29", "30", "31", "32"} {
				for _, clock := range []string{"00:00:00", "23:59:59", "24:00:00", "23:60:59", "23:59:60", "2a:00:00", "00:-1:00"} {
					for _, fraction := range []string{"", ".1", ".149", ".123456789", ".1234567890", ".", ".x", ",5"} {
						text := year + "-" + month + "-" + day + "T" + clock + fraction + "Z"
						got, ok := usualTime([]byte(text))
						if !ok {
							continue
						}
						taken++
						want, err := time.Parse(time.RFC3339Nano, text)
						assert.NoError(t, err, text)
						assert.True(t, want.Equal(got) && want.Year() > 0, "%s: %v", text, got)
					}
				}
			}
		}
	}
	// 3 years, 3 months and 2 days, 2 times and 4 fractions.
	assert.Equal(t, 3*3*2*2*4, taken)
	for _, text := range []string{"", "2024-01-02T03:04:05", "2024-01-02T03:04:05z", "2024-01-02T03:04:05+", "2024/01-02T03:04:05Z", "2024-01/02T03:04:05Z",
		"2024-01-02 03:04:05Z", "2024-01-02T03.04:05Z", "2024-01-02T03:04.05Z"} {
		_, ok := usualTime([]byte(text))
		assert.False(t, ok, text)
	}
}
