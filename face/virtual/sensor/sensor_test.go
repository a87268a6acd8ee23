package sensor

import (
	"bytes"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const side = 64

// film is a plain picture of one light.
func film(r, g, b float32) *[3][]float32 {
	var f [3][]float32
	for k, v := range [3]float32{r, g, b} {
		f[k] = make([]float32, side*side)
		for i := range f[k] {
			f[k][i] = v
		}
	}
	return &f
}

// look is the mean of what comes out, 0 to 255, and the deviation of the green.
func look(t *testing.T, c *Camera, f *[3][]float32) (mean [3]float64, deviation float64) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(c.Develop(f, side, side, 100)))
	if err != nil {
		t.Fatal(err)
	}
	squares := 0.0
	for y := range side {
		for x := range side {
			r, g, b, _ := img.At(x, y).RGBA()
			for k, v := range [3]uint32{r, g, b} {
				mean[k] += float64(v>>8) / (side * side)
			}
			squares += float64(g>>8) * float64(g>>8) / (side * side)
		}
	}
	return mean, math.Sqrt(max(0, squares-mean[1]*mean[1]))
}

func TestExposureFollowsWithLag(t *testing.T) {
	c := New(rand.New(rand.NewPCG(1, 1)), side, side, 200)
	c.Adapt(film(50, 50, 50), side, side, 0)
	rest := c.Exposure()
	c.Adapt(film(100, 100, 100), side, side, 50*time.Millisecond)
	soon := c.Exposure()
	for range 100 {
		c.Adapt(film(100, 100, 100), side, side, 50*time.Millisecond)
	}
	if late := c.Exposure(); soon > 0.98*rest || soon < 0.7*rest || math.Abs(late/rest-0.5) > 0.01 {
		t.Errorf("exposure %.4f at rest, %.4f soon after the light doubles, %.4f late", rest, soon, late)
	}
}

func TestWhiteBalanceBelievesAPart(t *testing.T) {
	c := New(rand.New(rand.NewPCG(1, 1)), side, side, 200)
	f := film(80, 50, 30)
	c.Adapt(f, side, side, 0)
	warm := 80 * c.Gain(0) / (50 * c.Gain(1))
	if warm < 1.05 || warm > 1.5 {
		t.Errorf("red light stays %.2f times as red; want it nearer to grey, and not grey", warm)
	}
	mean, _ := look(t, c, f)
	if mean[0] <= mean[1] || mean[1] <= mean[2] {
		t.Errorf("warm light comes out as %v", mean)
	}
}

func TestNoiseGrowsInTheDark(t *testing.T) {
	var got [2]float64
	for i, lux := range []float64{30, 1000} {
		c := New(rand.New(rand.NewPCG(1, 1)), side, side, lux)
		f := film(float32(lux), float32(lux), float32(lux))
		c.Adapt(f, side, side, 0)
		_, got[i] = look(t, c, f)
	}
	if got[1] < 0.3 || got[0] < 2*got[1] || got[0] > 12 {
		t.Errorf("noise %.2f at 30 lux, %.2f at 1000", got[0], got[1])
	}
}

func TestSoftenKeepsTheLight(t *testing.T) {
	v, tmp := make([]float32, side*side), make([]float32, side*side)
	v[10*side+10] = 1
	Soften(v, tmp, side, side, 0.2)
	sum := float32(0)
	for _, x := range v {
		sum += x
	}
	if math.Abs(float64(sum)-1) > 1e-5 || math.Abs(float64(v[10*side+10])-0.36) > 1e-5 || v[10*side+11] == 0 || v[11*side+10] == 0 {
		t.Errorf("a point of 1 became %v in its place and %v in all", v[10*side+10], sum)
	}
}
