package quality

import (
	"encoding/json"
	"image"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

// fine is a picture that keeps all gates.
func fine() Measures {
	return Measures{
		Faces: 1, Doubt: 0.05, Eyes: 120, Width: 0.5, Wide: 1, High: 4.0 / 3, X: 0.5, Y: 0.5, Inside: 1, Head: 0.45,
		Light: 128, Side: 1.1, Even: 0.7, Entropy: 7, Sharp: 0.15, Best: 0.16, Lids: 0.3,
	}
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Measures)
		want   Hint
	}{
		{"fine", func(*Measures) {}, None},
		{"nobody", func(m *Measures) { m.Faces = 0 }, NoFace},
		{"nobody in the dark", func(m *Measures) { m.Faces, m.Light = 0, 10 }, Dark},
		{"what may be no face", func(m *Measures) { m.Doubt = 0.2 }, NoFace},
		{"two in the dark", func(m *Measures) { m.Faces, m.Light = 2, 10 }, ManyFaces},
		{"dark and far", func(m *Measures) { m.Light, m.Eyes = 10, 20 }, Dark},
		{"light", func(m *Measures) { m.Light = 240 }, Bright},
		{"burnt out", func(m *Measures) { m.Clipped = 0.2 }, Bright},
		{"far and turned", func(m *Measures) { m.Eyes, m.Yaw = 40, 40 }, Closer},
		{"small in the oval", func(m *Measures) { m.Width = 0.3 }, Closer},
		{"large in the oval", func(m *Measures) { m.Width = 0.7 }, Back},
		{"right of the oval", func(m *Measures) { m.X = 0.63 }, Centre},
		{"below the oval", func(m *Measures) { m.Y = 0.6 }, Centre},
		{"cut off", func(m *Measures) { m.Inside = 0.6 }, Centre},
		{"turned and blurred", func(m *Measures) { m.Yaw, m.Sharp = -20, 0.01 }, Straight},
		{"tilted", func(m *Measures) { m.Roll = 20 }, Straight},
		{"from below", func(m *Measures) { m.Pitch = 20 }, EyeLevel},
		{"lamp", func(m *Measures) { m.Side = 3 }, SideLight},
		{"moved", func(m *Measures) { m.Sharp = 0.1 }, HoldStill},
		{"never sharp", func(m *Measures) { m.Sharp, m.Best = 0.05, 0.06 }, Lens},
		{"mask", func(m *Measures) { m.Mask, m.Lids = 0.4, 0 }, Covered},
		{"dark glasses", func(m *Measures) { m.Shades = 1 }, Covered},
		{"glare", func(m *Measures) { m.Glare, m.Lids = 0.2, 0 }, Glare},
		{"eyes", func(m *Measures) { m.Lids, m.Mouth = 0.05, 0.5 }, EyesShut},
		{"mouth", func(m *Measures) { m.Mouth = 0.3 }, MouthOpen},
	}
	g := Stream(Oval{0.5, 0.5, 0.5})
	for _, tt := range tests {
		m := fine()
		tt.change(&m)
		if h, ok := Judge(m, g); h != tt.want || ok != (tt.want == None) {
			t.Errorf("%s: %q, %t; want %q", tt.name, h, ok, tt.want)
		}
	}
}

// What was not measured keeps no gate, whichever measure it is.
func TestNoNumberIsGood(t *testing.T) {
	spared := []string{"Head", "Shadow", "Even", "Entropy"} // only scored
	g := Stream(Oval{0.5, 0.5, 0.5})
	fields := reflect.TypeFor[Measures]()
	for i := range fields.NumField() {
		f := fields.Field(i)
		if f.Type.Kind() != reflect.Float64 || slices.Contains(spared, f.Name) {
			continue
		}
		m := fine()
		reflect.ValueOf(&m).Elem().Field(i).SetFloat(math.NaN())
		if h, ok := Judge(m, g); ok || h == None {
			t.Errorf("%s is no number: good", f.Name)
		}
	}
}

// Places that no face has are measured without a fall, and are not good.
func TestMeasureOfNonsense(t *testing.T) {
	img := image.NewYCbCr(image.Rect(10, 10, 74, 74), image.YCbCrSubsampleRatio420)
	far, nan := Point{X: 1e9, Y: -1e9}, Point{X: math.NaN(), Y: math.NaN()}
	for name, s := range map[string]Seen{
		"nothing": {}, "one place": {Faces: 1}, "far away": {Faces: 1, Eyes: [2]Eye{{Outer: far}, {Inner: far}}},
		"no numbers": {Faces: 1, Eyes: [2]Eye{{Outer: nan, Inner: nan}, {}}, Outline: []Point{nan, nan, nan}},
		"beside":     {Faces: 1, Eyes: [2]Eye{{Outer: Point{X: 900, Y: 900}, Inner: Point{X: 910, Y: 900}}, {Outer: Point{X: 940, Y: 900}, Inner: Point{X: 930, Y: 900}}}},
	} {
		for _, pic := range []image.Image{nil, img, image.NewUniform(image.White.C), image.NewGray(image.Rectangle{})} {
			if pic == nil || pic.Bounds().Dx() < 1<<20 { // as all callers see to
				if h, ok := Judge(Measure(pic, s), Still()); ok || h == None {
					t.Errorf("%s: good", name)
				}
			}
		}
	}
}

// The scores are those of the formulas of OFIQ.
func TestScores(t *testing.T) {
	m := fine()
	m.Yaw, m.Mouth, m.Clipped, m.Shadow = 30, 0.2, 0.01, 0.92
	want := Scores{
		InterEyeDistance: 92, HeadSize: 100, HeadPoseYaw: 75, HeadPosePitch: 100, HeadPoseRoll: 100, MouthClosed: 50,
		DynamicRange: 88, LuminanceMean: 100, IlluminationUniformity: 90, UnderExposurePrevention: 40, OverExposurePrevention: 50, SingleFacePresent: 100,
	}
	if got := m.Scores(); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got := (Measures{Faces: 2}).Scores(); got != (Scores{}) {
		t.Errorf("of two faces: %+v", got)
	}
}

// The sharper, the more frontal, the better lit picture goes first.
func TestRank(t *testing.T) {
	for name, worsen := range map[string]func(*Measures){
		"softer": func(m *Measures) { m.Sharp = 0.1 }, "turned": func(m *Measures) { m.Yaw = -15 },
		"nodding": func(m *Measures) { m.Pitch = 15 }, "darker": func(m *Measures) { m.Light = 60 },
	} {
		m := fine()
		if worsen(&m); m.Rank() >= fine().Rank() {
			t.Errorf("%s: rank %.3f is not below %.3f", name, m.Rank(), fine().Rank())
		}
	}
}

// A portrait is remarked on for what it is; of its age nothing is said that is not known.
func TestPhotograph(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	with := func(change func(*Measures)) Measures { m := fine(); change(&m); return m }
	for _, tt := range []struct {
		name   string
		m      Measures
		issued time.Time
		want   []Hint
	}{
		{"good and new", fine(), now.AddDate(-1, 0, 0), nil},
		{"good, of no date", fine(), time.Time{}, nil},
		{"good and old", fine(), now.AddDate(-9, 0, 0), []Hint{PhotoOld}},
		{"small and old", with(func(m *Measures) { m.Eyes = 40 }), now.AddDate(-9, 0, 0), []Hint{PhotoSmall, PhotoOld}},
		{"blurred", with(func(m *Measures) { m.Sharp = 0.02 }), now, []Hint{PhotoUnclear}},
		{"no number", with(func(m *Measures) { m.Sharp = math.NaN() }), now, []Hint{PhotoUnclear}},
		{"of two", with(func(m *Measures) { m.Faces = 2 }), now, []Hint{PhotoNone}},
	} {
		if got := Photograph(tt.m, tt.issued, now); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}

// Measures stand in records: they are JSON that reads back.
func TestMeasuresAreJSON(t *testing.T) {
	b, err := json.Marshal(fine())
	var got Measures
	if err != nil || json.Unmarshal(b, &got) != nil || got != fine() {
		t.Errorf("%s, %v", b, err)
	}
}
