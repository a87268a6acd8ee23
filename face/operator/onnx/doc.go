// Package onnx runs an operator's network on ONNX Runtime, in builds with the tag
// "onnx"; in others [Load] fails with [ErrNotBuilt].
//
// The library is loaded when the program runs, from where the operator put it:
// any version from 1.24 on, such as the one in the npm package onnxruntime-node.
// A network runs on one thread, so that one face always gives the same numbers,
// and sees neither files nor network: it is made of bytes that were checked.
package onnx

import "errors"

// ErrNotBuilt says that this build knows no networks of operators.
var ErrNotBuilt = errors.New("this build cannot run an operator's face network: ONNX Runtime is in builds with the tag onnx (CGO_ENABLED=1 go build -tags onnx)")
