package virtual

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCastIsCompleteAndNamed(t *testing.T) {
	want := []string{"ada", "ben", "cleo", "dov", "eve", "finn", "gus", "hana", "ivo", "jana", "karl", "lena"}
	var got []string
	for _, p := range Cast() {
		got = append(got, p.Name)
		if p.Other == nil {
			t.Errorf("%s has no near-twin", p.Name)
		}
		if p.Sex != "F" && p.Sex != "M" {
			t.Errorf("%s has sex %q", p.Name, p.Sex)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cast (-want +got):\n%s", diff)
	}
}

// A word that no table knows would silently draw somebody bald and black-haired.
func TestCastUsesKnownWords(t *testing.T) {
	for _, p := range Cast() {
		l := p.Looks
		for _, w := range []struct {
			word  string
			known []string
		}{
			{l.Hair, HairStyles},
			{l.HairColour, HairColours},
			{l.EyeColour, EyeColours},
			{l.Beard, Beards},
			{l.Glasses, append([]string{""}, Glasses...)},
		} {
			if !slices.Contains(w.known, w.word) {
				t.Errorf("%s: %q is none of %q", p.Name, w.word, w.known)
			}
		}
	}
}

func TestEveryWordIsDrawn(t *testing.T) {
	for _, w := range HairStyles {
		if _, ok := hairStyles[w]; !ok {
			t.Errorf("no hair style %q", w)
		}
	}
	for _, w := range HairColours {
		if _, ok := hairTones[w]; !ok {
			t.Errorf("no hair colour %q", w)
		}
	}
	for _, w := range EyeColours {
		if _, ok := irisTones[w]; !ok {
			t.Errorf("no eye colour %q", w)
		}
	}
	for _, w := range Beards {
		if _, ok := beards[w]; !ok {
			t.Errorf("no beard %q", w)
		}
	}
	for _, w := range Glasses {
		if _, ok := glassesShapes[w]; !ok {
			t.Errorf("no glasses %q", w)
		}
	}
}

func TestFind(t *testing.T) {
	if p, ok := Find("ada"); !ok || p.Name != "ada" {
		t.Errorf("Find(ada) = %q, %v", p.Name, ok)
	}
	if _, ok := Find("nobody"); ok {
		t.Error("Find(nobody) finds somebody")
	}
}

func TestPicturesAreDeterministic(t *testing.T) {
	p := Invent(7, 1)
	if !bytes.Equal(p.Portrait(), p.Portrait()) {
		t.Error("two portraits of one person differ")
	}
	a, b, other := p.Frames(2, 5), p.Frames(2, 5), p.Frames(2, 6)
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Errorf("frame %d of one seed differs", i)
		}
		if bytes.Equal(a[i], other[i]) {
			t.Errorf("frame %d of another seed does not differ", i)
		}
	}
	if bytes.Equal(a[0], a[1]) {
		t.Error("the head does not move")
	}
}

func TestPortraitsFitAChip(t *testing.T) {
	for _, p := range Cast() {
		file := p.Portrait()
		if len(file) > 25_000 || len(file) < 8_000 {
			t.Errorf("portrait of %s has %d bytes", p.Name, len(file))
		}
		checkSize(t, file, PortraitWidth, PortraitHeight)
	}
}

func TestFrameSize(t *testing.T) {
	for _, file := range Invent(3, 1).Frames(2, 1) {
		checkSize(t, file, FrameWidth, FrameHeight)
	}
}

func checkSize(t *testing.T, file []byte, w, h int) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds(); got != image.Rect(0, 0, w, h) {
		t.Errorf("size %v; want %d×%d", got, w, h)
	}
}

func TestTwinKeepsLooksAndChangesBones(t *testing.T) {
	for _, p := range append(Cast(), Invent(9, 1.2)) {
		twin := p.Twin()
		if diff := cmp.Diff(p.Looks, twin.Looks); diff != "" {
			t.Errorf("looks of %s and twin (-person +twin):\n%s", p.Name, diff)
		}
		if twin.Bones == p.Bones {
			t.Errorf("twin of %s has the same bones", p.Name)
		}
		if back := twin.Twin(); back.Bones != p.Bones {
			t.Errorf("the twin of the twin of %s is somebody else", p.Name)
		}
	}
}

func TestPersonSurvivesJSON(t *testing.T) {
	want := Invent(11, 1.4)
	want.Other = &Bones{Jaw: 1}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Person
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSlidersAreAllFields(t *testing.T) {
	var b Bones
	for _, f := range b.Sliders() {
		*f++ // a field listed twice would be 2, one left out 0
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]float64{}
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for name, v := range fields {
		if v != 1 {
			t.Errorf("%s is listed %v times", name, v)
		}
	}
}

func BenchmarkNewModel(b *testing.B) {
	b.ReportAllocs()
	p := Invent(1, 1)
	for b.Loop() {
		NewModel(p)
	}
}

func BenchmarkFrame(b *testing.B) {
	b.ReportAllocs()
	m := NewModel(Invent(1, 1))
	for b.Loop() {
		m.Frames(1, 1)
	}
}
