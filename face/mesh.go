package face

// A Point3 is a place in a picture and its depth, all in pixels of the picture.
// Depth grows away from the camera and is relative to the head.
type Point3 struct{ X, Y, Z float64 }

// A Mesh is the 468 points of one face in MediaPipe's order. It is measured on
// one picture and says nothing about distance: its depth is that of a head of
// usual size at usual distance.
type Mesh [468]Point3

// A Pose is how a head is turned, in degrees: yaw is positive when the person
// looks to the right of the picture, pitch when they look up, roll when the head
// is tilted clockwise in the picture.
type Pose struct{ Yaw, Pitch, Roll float64 }
