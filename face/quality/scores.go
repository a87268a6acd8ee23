package quality

import "math"

// Scores are quality components of ISO/IEC 29794-5, from 0 (bad) to 100, by the names,
// formulas and constants of BSI OFIQ 1.0; measured on our own outlines, so that they
// come near to its figures and are not the same.
type Scores struct {
	InterEyeDistance        int `json:"inter_eye_distance"`
	HeadSize                int `json:"head_size"`
	HeadPoseYaw             int `json:"head_pose_yaw"`
	HeadPosePitch           int `json:"head_pose_pitch"`
	HeadPoseRoll            int `json:"head_pose_roll"`
	MouthClosed             int `json:"mouth_closed"`
	DynamicRange            int `json:"dynamic_range"`
	LuminanceMean           int `json:"luminance_mean"`
	IlluminationUniformity  int `json:"illumination_uniformity"`
	UnderExposurePrevention int `json:"under_exposure_prevention"`
	OverExposurePrevention  int `json:"over_exposure_prevention"`
	SingleFacePresent       int `json:"single_face_present"`
}

// Scores works the components out; all are 0 without exactly one face.
func (m Measures) Scores() Scores {
	if m.Faces != 1 {
		return Scores{}
	}
	pose := func(deg float64) int { return score(100 * square(max(0, math.Cos(deg*math.Pi/180)))) }
	mean := m.Light / 255
	return Scores{
		InterEyeDistance:        score(100 * sigmoid(m.Eyes, 70, 20)),
		HeadSize:                score(200 * (1 - sigmoid(math.Abs(m.Head-0.45), 0, 0.05))),
		HeadPoseYaw:             pose(m.Yaw),
		HeadPosePitch:           pose(m.Pitch),
		HeadPoseRoll:            pose(m.Roll),
		MouthClosed:             score(100 * (1 - sigmoid(m.Mouth, 0.2, 0.06))),
		DynamicRange:            score(12.5 * m.Entropy),
		LuminanceMean:           score(100 * sigmoid(mean, 0.2, 0.05) * (1 - sigmoid(mean, 0.8, 0.05))),
		IlluminationUniformity:  score(100 * math.Pow(m.Even, 0.3)),
		UnderExposurePrevention: score(120 * (0.832 - sigmoid(m.Shadow, 0.92, 0.05))),
		OverExposurePrevention:  score(1 / (m.Clipped + 0.01)),
		SingleFacePresent:       100,
	}
}

func square(v float64) float64 { return v * v }

// sigmoid rises from 0 to 1 about x0.
func sigmoid(x, x0, width float64) float64 { return 1 / (1 + math.Exp((x0-x)/width)) }

// score rounds to a whole number from 0 to 100; what is not a number is 0.
func score(v float64) int {
	if math.IsNaN(v) {
		return 0
	}
	return int(math.Round(max(0, min(100, v))))
}
