package face

import (
	"fmt"

	"github.com/tunnus-id/tunnus"
)

// Each reason to refuse a frame is raised here and nowhere else. Causes hold
// counts and measures only, nothing of what the picture shows.

func position(format string, args ...any) *tunnus.Error {
	return tunnus.Fail(tunnus.CodeFacePosition, fmt.Errorf("face: "+format, args...))
}

func many(n int) *tunnus.Error {
	return tunnus.Fail(tunnus.CodeFaceMany, fmt.Errorf("face: %d faces in a frame", n))
}

func unclear(format string, args ...any) *tunnus.Error {
	return Unclear(fmt.Errorf("face: "+format, args...))
}

// Unclear refuses pictures of which nothing can be said, for the cause.
func Unclear(cause error) *tunnus.Error { return tunnus.Fail(tunnus.CodeFaceQuality, cause) }

// only returns the one face of a picture.
func only(faces []Face) (Face, error) {
	switch len(faces) {
	case 0:
		return Face{}, position("no face found")
	case 1:
		return faces[0], nil
	}
	return Face{}, many(len(faces))
}
