package quality

import (
	"slices"
	"strings"
)

// A Hint is what would make a capture better, as a short code. Each has its
// sentence in six languages as the note "hint-CODE" (tunnus.Notes).
type Hint string

// None says that nothing is wrong.
const None Hint = ""

// The hints about a frame.
const (
	NoFace    Hint = "no-face"    // nothing that looks like one
	ManyFaces Hint = "one-face"   // more than one
	Dark      Hint = "darkness"   // too little light on the face
	Bright    Hint = "bright"     // too much, or clipped
	Closer    Hint = "closer"     // too far away
	Back      Hint = "back"       // too near
	Centre    Hint = "centre"     // beside the oval, or cut off by the edge
	Straight  Hint = "straight"   // turned or tilted
	EyeLevel  Hint = "eye-level"  // seen from below or above
	SideLight Hint = "side-light" // one side much brighter
	HoldStill Hint = "hold-still" // blurred by movement
	Lens      Hint = "lens"       // never sharp in this capture
	Covered   Hint = "covered"    // a mask, dark glasses, hair, something before the face
	Glare     Hint = "glare"      // a reflection over an eye
	EyesShut  Hint = "eyes-shut"  // both
	MouthOpen Hint = "mouth-open" // far
	Screen    Hint = "screen-dim" // the screen's light is hardly seen on the face
	Dimmer    Hint = "dimmer"     // so much light that the screen's is lost in it
)

// The remarks on a document's portrait; see [Photograph].
const (
	PhotoNone    Hint = "photo-none"
	PhotoSmall   Hint = "photo-small"
	PhotoUnclear Hint = "photo-unclear"
	PhotoOld     Hint = "photo-old"
)

// Hints lists the hints about a frame, the one that goes first at the front: what
// hides everything else comes before what is seen only when the rest is right.
// [Screen] and [Dimmer] come from the light of the flashes, which one frame does
// not show: who measures that gives them.
func Hints() []Hint {
	return []Hint{
		NoFace, ManyFaces, Dark, Bright, Closer, Back, Centre, Straight, EyeLevel, SideLight,
		Screen, Dimmer, HoldStill, Lens, Covered, Glare, EyesShut, MouthOpen,
	}
}

// Remarks lists those on a portrait.
func Remarks() []Hint { return []Hint{PhotoNone, PhotoSmall, PhotoUnclear, PhotoOld} }

// First returns the hint that goes before the others; [None] if there is no other.
// What is no hint is passed over.
func First(hints ...Hint) Hint {
	for _, h := range Hints() {
		if slices.Contains(hints, h) {
			return h
		}
	}
	return None
}

// Note is the key of the hint's sentence (tunnus.Notes), "" for [None].
func (h Hint) Note() string {
	if h == None {
		return ""
	}
	return NotePrefix + string(h)
}

// Noted returns the hint of which a key is the note; [None] of other notes.
func Noted(key string) Hint {
	if code, ok := strings.CutPrefix(key, NotePrefix); ok {
		return Hint(code)
	}
	return None
}

// NotePrefix begins the keys of the sentences.
const NotePrefix = "hint-"
