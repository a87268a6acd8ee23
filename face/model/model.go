// Package model reads the weights of the default face networks.
//
// The files come from two npm packages, @vladmandic/face-api 1.7.15 and
// @vladmandic/human 3.3.6, and lie flat in one folder. Each is pinned by its
// SHA-256: a file that differs in one bit is refused before it is looked at, so
// what runs is what was measured. Nothing here knows what a network does.
package model

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// The networks.
const (
	Detector    = "ssd_mobilenetv1_model"  // SSD MobileNet v1, 512x512
	Landmarks   = "face_landmark_68_model" // 68 points, 112x112
	Recognition = "face_recognition_model" // 128-d residual network, 150x150
	Features    = "faceres"                // 1024-d MobileNet, 224x224
	Tiny        = "tiny_face_detector_model"
	Mesh        = "facemesh"
)

// parts names the files of each network: what the weights are, and the weights.
var parts = map[string][2]string{
	Detector:    {"ssd_mobilenetv1_model-weights_manifest.json", "ssd_mobilenetv1_model.bin"},
	Landmarks:   {"face_landmark_68_model-weights_manifest.json", "face_landmark_68_model.bin"},
	Recognition: {"face_recognition_model-weights_manifest.json", "face_recognition_model.bin"},
	Features:    {"faceres.json", "faceres.bin"},
	Tiny:        {"tiny_face_detector_model-weights_manifest.json", "tiny_face_detector_model.bin"},
	Mesh:        {"facemesh.json", "facemesh.bin"},
}

// pins holds the SHA-256 of every file.
var pins = map[string]string{
	"ssd_mobilenetv1_model-weights_manifest.json":    "888f744dffbc84f5f060d1f8427d9742341943a2dfaaf9205d10029b7e7a2955",
	"ssd_mobilenetv1_model.bin":                      "2835640602d53718aa6ae9a42896327eaa21beefed056c218d32ca7d79e1e2f8",
	"face_landmark_68_model-weights_manifest.json":   "ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9",
	"face_landmark_68_model.bin":                     "4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b",
	"face_recognition_model-weights_manifest.json":   "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
	"face_recognition_model.bin":                     "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
	"tiny_face_detector_model-weights_manifest.json": "5d1af4849ac48d5b985f4a9b16010c512353ddd6fcc63d50fd0bc9e9e64296e5",
	"tiny_face_detector_model.bin":                   "b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871",
	"facemesh.json":                                  "b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7",
	"facemesh.bin":                                   "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
	"faceres.json":                                   "5b83d49c0385d2e68a05122441b94226313677cae9fcc40b9587ad50079eb4df",
	"faceres.bin":                                    "2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b",
}

// maxFile bounds what is read of one file; the largest has 7 MB.
const maxFile = 16 << 20

// Files returns the names of all files that the networks need, sorted.
func Files() []string { return slices.Sorted(maps.Keys(pins)) }

// Digest names the whole set of pinned files: a hash over names and sums.
func Digest() string {
	h := sha256.New()
	for _, name := range Files() {
		fmt.Fprintf(h, "%s %s\n", pins[name], name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Sum returns the pinned SHA-256, in hex, of the file with a network's weights.
func Sum(network string) string { return pins[parts[network][1]] }

// Check reads every file and fails if one is missing or is not the pinned one.
func Check(fsys fs.FS) error {
	for _, name := range Files() {
		if _, err := read(fsys, name); err != nil {
			return err
		}
	}
	return nil
}

// Open reads one network's weights from a flat folder. It fails if a file is
// missing, is not the pinned one, or cannot be understood.
func Open(fsys fs.FS, network string) (*Weights, error) {
	names, ok := parts[network]
	if !ok {
		return nil, fmt.Errorf("model: no network %q", network)
	}
	manifest, err := read(fsys, names[0])
	if err != nil {
		return nil, err
	}
	data, err := read(fsys, names[1])
	if err != nil {
		return nil, err
	}
	w, err := Parse(manifest, data)
	if err != nil {
		return nil, fmt.Errorf("model: %s: %w", network, err)
	}
	return w, nil
}

// read returns a file whose hash is the pinned one.
func read(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("model: %s has %d bytes, more than %d", name, info.Size(), maxFile)
	}
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:]) != pins[name] {
		return nil, fmt.Errorf("model: %s is not the pinned file: its SHA-256 is %x", name, sum)
	}
	return b, nil
}

// An entry describes one tensor of the weights. Entries lie one after the other.
type entry struct {
	Name         string `json:"name"`
	Shape        []int  `json:"shape"`
	Dtype        string `json:"dtype"`
	Quantization *struct {
		Dtype string  `json:"dtype"`
		Scale float64 `json:"scale"`
		Min   float64 `json:"min"`
	} `json:"quantization"`
}

type group struct {
	Weights []entry `json:"weights"`
}

// groups reads either form of a TensorFlow.js manifest: the bare list, or the
// whole model with the list in it.
func groups(manifest []byte) ([]group, error) {
	var bare []group
	if json.Unmarshal(manifest, &bare) == nil {
		return bare, nil
	}
	var whole struct {
		Weights []group `json:"weightsManifest"`
	}
	if err := json.Unmarshal(manifest, &whole); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return whole.Weights, nil
}

// Parse reads weights out of a TensorFlow.js manifest and its values, which
// must be used up exactly.
func Parse(manifest, data []byte) (*Weights, error) {
	list, err := groups(manifest)
	if err != nil {
		return nil, err
	}
	w := &Weights{params: map[string]param{}}
	for _, g := range list {
		for _, e := range g.Weights {
			p, size, err := e.take(data)
			if err != nil {
				return nil, fmt.Errorf("tensor %q: %w", e.Name, err)
			}
			data = data[size:]
			w.params[e.Name] = p
		}
	}
	if len(data) != 0 || len(w.params) == 0 {
		return nil, fmt.Errorf("manifest names %d tensors and leaves %d bytes", len(w.params), len(data))
	}
	return w, nil
}

// take reads the tensor at the beginning of data and returns its size there.
func (e entry) take(data []byte) (param, int, error) {
	n := 1
	for _, d := range e.Shape {
		if d < 1 || d > maxFile {
			return param{}, 0, fmt.Errorf("shape %v", e.Shape)
		}
		if n *= d; n > maxFile {
			return param{}, 0, fmt.Errorf("shape %v", e.Shape)
		}
	}
	kind, p := e.Dtype, param{shape: e.Shape}
	if q := e.Quantization; q != nil {
		kind, p.scale, p.min = q.Dtype, q.Scale, q.Min
	}
	width, ok := map[string]int{"uint8": 1, "float16": 2, "float32": 4, "int32": 4}[kind]
	if !ok {
		return param{}, 0, fmt.Errorf("values of kind %q", kind)
	}
	if len(data) < n*width {
		return param{}, 0, fmt.Errorf("%d bytes left of %d", len(data), n*width)
	}
	p.kind, p.raw = kind, data[:n*width:n*width]
	return p, n * width, nil
}
