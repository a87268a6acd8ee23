package tunnus

import "testing"

// The table of "Personnummeret i CPR", at its borders. No numbers are written
// out here that somebody living could have.
func TestDanishCentury(t *testing.T) {
	for _, tt := range []struct {
		sevenths string
		year     int
		want     int
	}{
		{"0123", 0, 1900},
		{"0123", 99, 1999},
		{"49", 36, 2036},
		{"49", 37, 1937},
		{"49", 0, 2000},
		{"49", 99, 1999},
		{"5678", 57, 2057},
		{"5678", 58, 1858},
		{"5678", 99, 1899},
		{"5678", 0, 2000},
	} {
		for _, d := range []byte(tt.sevenths) {
			if got := danishYear(d, tt.year); got != tt.want {
				t.Errorf("seventh digit %c, year %02d: %d; want %d", d, tt.year, got, tt.want)
			}
		}
	}
}
