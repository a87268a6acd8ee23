package way

import (
	"testing"
	"time"
)

// longest is the route with the most facts, and all of them.
func longest() (Route, Facts) {
	var r Route
	for _, other := range Routes() {
		if len(other.Facts()) > len(r.Facts()) {
			r = other
		}
	}
	have := Facts{}
	for i, f := range r.Facts() {
		have[f] = Record{Mark: f.Mark(), At: time.Unix(int64(i), 0), Revision: r.Way.Revision(), Detail: map[string]string{"version": "1"}}
	}
	return r, have
}

// The decision with the most to look at: everything stands but the last fact.
func BenchmarkNext(b *testing.B) {
	r, have := longest()
	facts := r.Facts()
	last := facts[len(facts)-1]
	delete(have, last)
	for b.Loop() {
		if err := Admit(r, have, last); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(facts)), "facts")
}

// And when there is nothing left to ask for.
func BenchmarkNextWhole(b *testing.B) {
	r, have := longest()
	for b.Loop() {
		if f, ok := Next(r, have); ok {
			b.Fatal(f)
		}
	}
}
