package app

import "github.com/tunnus-id/tunnus/app/steps"

// A Screen is what the holder sees and types on.
type Screen = steps.Screen

// A Body is what the phone senses: its camera and its chip reader.
type Body = steps.Body
