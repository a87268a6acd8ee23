// Package onnxtest writes small ONNX files for tests: among them the network of
// 128 numbers of the default engine, so that one network can be run by both.
package onnxtest

import (
	"encoding/binary"
	"math"
)

// A Message is protobuf under way.
type Message []byte

// Int adds a number.
func (m *Message) Int(field, v int) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, uint64(v))
}

// Bytes adds a text or another message.
func (m *Message) Bytes(field int, v []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

// Text adds a text.
func (m *Message) Text(field int, s string) { m.Bytes(field, []byte(s)) }

// A Graph is an ONNX graph under way. Its numbers are those of onnx.proto.
type Graph struct{ message Message }

// Node adds a node of one output, with the attributes that [Ints] makes.
func (g *Graph) Node(op string, inputs []string, output string, attributes ...Message) {
	var n Message
	for _, in := range inputs {
		n.Text(1, in)
	}
	n.Text(2, output)
	n.Text(3, output)
	n.Text(4, op)
	for _, a := range attributes {
		n.Bytes(5, a)
	}
	g.message.Bytes(1, n)
}

// Ints is an attribute that is a list of numbers.
func Ints(name string, values ...int) Message {
	var a Message
	a.Text(1, name)
	for _, v := range values {
		a.Int(8, v)
	}
	a.Int(20, 7)
	return a
}

// Floats adds weights.
func (g *Graph) Floats(name string, values []float32, shape ...int) {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.tensor(name, 1, raw, shape)
}

// Numbers adds a list of whole numbers.
func (g *Graph) Numbers(name string, values ...int) {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.tensor(name, 7, raw, []int{len(values)})
}

func (g *Graph) tensor(name string, kind int, raw []byte, shape []int) {
	var t Message
	for _, n := range shape {
		t.Int(1, n)
	}
	t.Int(2, kind)
	t.Text(8, name)
	t.Bytes(9, raw)
	g.message.Bytes(5, t)
}

// External adds weights that lie in another file.
func (g *Graph) External(name, file string, shape ...int) {
	var t, where Message
	for _, n := range shape {
		t.Int(1, n)
	}
	t.Int(2, 1)
	t.Text(8, name)
	where.Text(1, "location")
	where.Text(2, file)
	t.Bytes(13, where)
	t.Int(14, 1)
	g.message.Bytes(5, t)
}

// Input names an input of float32; a dimension of 0 is left open.
func (g *Graph) Input(name string, shape ...int) { g.port(11, name, shape) }

// Output names an output.
func (g *Graph) Output(name string, shape ...int) { g.port(12, name, shape) }

func (g *Graph) port(field int, name string, shape []int) {
	var dimensions, tensor, kind, port Message
	for _, n := range shape {
		var d Message
		if n > 0 {
			d.Int(1, n)
		} else {
			d.Text(2, "N")
		}
		dimensions.Bytes(1, d)
	}
	tensor.Int(1, 1)
	tensor.Bytes(2, dimensions)
	kind.Bytes(1, tensor)
	port.Text(1, name)
	port.Bytes(2, kind)
	g.message.Bytes(field, port)
}

// File is the graph as an ONNX file, version 8 of the format and 13 of the operators.
func (g *Graph) File() []byte {
	var file, operators Message
	operators.Text(1, "")
	operators.Int(2, 13)
	file.Int(1, 8)
	file.Bytes(8, operators)
	file.Bytes(7, append(g.message, nameOf("tunnus")...))
	return file
}

// Body is the graph without the file around it.
func (g *Graph) Body() Message { return g.message }

func nameOf(name string) Message {
	var m Message
	m.Text(2, name)
	return m
}
