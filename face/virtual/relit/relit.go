// Package relit makes a photograph into something that a light can be thrown on:
// the second renderer beside package virtual. What is seen is photograph times
// ambient light, plus photograph times shading map times flash; the shading map
// follows from the 468 points of the face's mesh, and what is not face is
// far behind it. Package clip films it.
//
// Skin and eyes are those of the photograph, and so is the light that it was
// taken in: it stays on the face when the room's light changes. Hair, neck and
// shoulders get hardly any of the flash, less than living ones do.
package relit

import (
	"errors"
	"image"
	"math"

	"github.com/tunnus-id/tunnus/face"
	"github.com/tunnus-id/tunnus/face/virtual/quick"
	"github.com/tunnus-id/tunnus/face/virtual/solid"
)

const (
	eyesApart = 9.0 // cm between the outer corners of the eyes, of most adults
	spread    = 0.7 // cm over which the mesh's points are smoothed
	behind    = -8  // depth of what is not face, cm from between the eyes
	glimmer   = 0.05
	step      = 5   // pixels between vertices
	beyond    = 0.8 // how far the picture's edges are drawn out, in its sizes
)

// A Relief is a photograph as a surface: Cols by Rows vertices, row by row from
// the top left, in the coordinates of package virtual, cm.
type Relief struct {
	Cols, Rows int
	Pos, Nrm   []solid.Vec
	// Face is how much of the flash each vertex receives.
	Face []float32
	Skin quick.Texture
	// Wide is the width of the face at the cheeks, Middle how far its centre lies
	// below the eyes, Eyes half the distance of the eyes, cm.
	Wide, Middle, Eyes float64
}

// New makes a relief of a photograph and the mesh that was found on it. It fails
// if the mesh is none of an upright face in it.
func New(img image.Image, m *face.Mesh) (*Relief, error) {
	a, b := m[33], m[263] // outer corners of the eyes
	apart := math.Hypot(b.X-a.X, b.Y-a.Y)
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if apart < 20 || b.X-a.X < 0.9*apart || a.X < 0 || b.X > float64(w) || a.Y < 0 || m[152].Y > float64(h) {
		return nil, errors.New("relit: no upright face in the picture")
	}
	perCM := apart / eyesApart
	padX, padY := int(beyond*float64(w)), int(beyond*float64(h))
	r := &Relief{Cols: (w+2*padX)/step + 1, Rows: (h+2*padY)/step + 1}
	r.Skin = drawnOut(img, padX, padY, r.Cols, r.Rows)
	midX, midY, midZ := (a.X+b.X)/2, (a.Y+b.Y)/2, (a.Z+b.Z)/2
	points := make([]solid.Vec, len(m))
	for i, p := range m {
		points[i] = solid.XYZ((p.X-midX)/perCM, (midY-p.Y)/perCM, (midZ-p.Z)/perCM)
	}
	at := func(c, row int) (x, y float64) {
		return (float64(c*step-padX) - midX) / perCM, (midY - float64(row*step-padY)) / perCM
	}
	for row := range r.Rows {
		for c := range r.Cols {
			x, y := at(c, row)
			z, cover := depth(points, x, y)
			r.Pos = append(r.Pos, solid.XYZ(x, y, behind+(z-behind)*cover))
			r.Face = append(r.Face, float32(glimmer+(1-glimmer)*cover))
		}
	}
	r.level()
	r.Wide = math.Hypot(m[454].X-m[234].X, m[454].Y-m[234].Y) / perCM
	r.Middle = (m[152].Y-m[10].Y)/perCM*0.5 - (midY-m[10].Y)/perCM
	r.Eyes = eyesApart / 2 * 0.7
	return r, nil
}

// depth is the mesh's at a place, and 1 where there is a mesh, 0 where none is.
func depth(points []solid.Vec, x, y float64) (z, cover float64) {
	sum := 0.0
	for _, p := range points {
		dx, dy := (p.X-x)/spread, (p.Y-y)/spread
		if q := dx*dx + dy*dy; q < 12 {
			w := math.Exp(-q / 2)
			sum, z = sum+w, z+w*p.Z
		}
	}
	if sum < 1e-3 {
		return 0, 0
	}
	return z / sum, solid.Step(1.5, 4, sum)
}

// level computes the normals.
func (r *Relief) level() {
	r.Nrm = make([]solid.Vec, len(r.Pos))
	for row := range r.Rows {
		for c := range r.Cols {
			left, right := r.Pos[row*r.Cols+max(c-1, 0)], r.Pos[row*r.Cols+min(c+1, r.Cols-1)]
			up, down := r.Pos[max(row-1, 0)*r.Cols+c], r.Pos[min(row+1, r.Rows-1)*r.Cols+c]
			r.Nrm[row*r.Cols+c] = right.Sub(left).Cross(up.Sub(down)).Unit()
		}
	}
}

// drawnOut is the picture in linear light, its edges repeated outside.
func drawnOut(img image.Image, padX, padY, cols, rows int) quick.Texture {
	t := quick.Texture{Width: (cols-1)*step + 1, Height: (rows-1)*step + 1, Detail: step}
	var curve [256]float32
	for i := range curve {
		v := float64(i) / 255
		if curve[i] = float32(v / 12.92); v > 0.04045 { // IEC 61966-2-1
			curve[i] = float32(math.Pow((v+0.055)/1.055, 2.4))
		}
	}
	b := img.Bounds()
	for y := range t.Height {
		for x := range t.Width {
			px := min(max(b.Min.X+x-padX, b.Min.X), b.Max.X-1)
			py := min(max(b.Min.Y+y-padY, b.Min.Y), b.Max.Y-1)
			red, green, blue, _ := img.At(px, py).RGBA()
			t.Texels = append(t.Texels, quick.Tint{curve[red>>8], curve[green>>8], curve[blue>>8]})
		}
	}
	return t
}
