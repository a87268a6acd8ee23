package operator

import (
	"errors"
	"fmt"
	"slices"
)

// A Graph is what an ONNX file says of its own outside.
type Graph struct {
	Inputs, Outputs []Port
}

// A Port is one input or output of a graph.
type Port struct {
	Name  string
	Float bool    // a tensor of float32
	Shape []int64 // -1 where a dimension is left open
}

// ErrExternal says that weights of a model lie in a file beside it.
var ErrExternal = errors.New("operator: weights of the model lie in another file, which no sum would pin: store them within it")

// Inspect reads inputs and outputs out of an ONNX file, without its weights. It
// fails with [ErrExternal] if there are any that are not in the file: its SHA-256
// would not tell what runs then.
func Inspect(file []byte) (Graph, error) {
	var g Graph
	r := reader{}
	graphs := 0
	err := fields(file, func(f field) error {
		switch f.number { // ModelProto
		case 7: // graph
			graphs++
			return r.graph(f.bytes, &g, 0)
		case 20: // training_info: initialization, algorithm
			return fields(f.bytes, func(f field) error {
				if f.number > 2 {
					return nil
				}
				return r.graph(f.bytes, &Graph{}, 0)
			})
		case 25: // functions: node
			return fields(f.bytes, func(f field) error {
				if f.number != 7 {
					return nil
				}
				return r.node(f.bytes, 0)
			})
		}
		return nil
	})
	if err != nil {
		return Graph{}, err
	}
	if graphs != 1 {
		return Graph{}, fmt.Errorf("%w: it has %d graphs", errProto, graphs)
	}
	return g, nil
}

// A reader counts what it walks through, so that no file makes it walk for long.
type reader struct{ nodes int }

const (
	maxNodes  = 100_000 // the largest recognition networks have some thousand
	maxNested = 8       // graphs in nodes
)

// graph reads a GraphProto into g, and looks for weights elsewhere in it.
func (r *reader) graph(message []byte, g *Graph, depth int) error {
	if depth > maxNested {
		return fmt.Errorf("%w: graphs %d deep", errProto, depth)
	}
	var own []string
	err := fields(message, func(f field) error {
		switch f.number {
		case 1:
			return r.node(f.bytes, depth)
		case 5: // initializer
			name, err := weights(f.bytes)
			own = append(own, name)
			return err
		case 15: // sparse_initializer
			return sparse(f.bytes)
		case 11, 12: // input, output
			p, err := port(f.bytes)
			if f.number == 11 {
				g.Inputs = append(g.Inputs, p)
			} else {
				g.Outputs = append(g.Outputs, p)
			}
			return err
		}
		return nil
	})
	// Up to version 3 of the format weights had to be inputs as well.
	slices.Sort(own)
	g.Inputs = slices.DeleteFunc(g.Inputs, func(p Port) bool {
		_, found := slices.BinarySearch(own, p.Name)
		return found
	})
	return err
}

// node looks through a NodeProto for weights elsewhere.
func (r *reader) node(message []byte, depth int) error {
	if r.nodes++; r.nodes > maxNodes {
		return fmt.Errorf("%w: more than %d nodes", errProto, maxNodes)
	}
	return fields(message, func(f field) error {
		if f.number != 5 { // attribute
			return nil
		}
		return fields(f.bytes, func(f field) error {
			switch f.number {
			case 5, 10: // t, tensors
				_, err := weights(f.bytes)
				return err
			case 6, 11: // g, graphs
				return r.graph(f.bytes, &Graph{}, depth+1)
			case 22, 23: // sparse_tensor, sparse_tensors
				return sparse(f.bytes)
			}
			return nil
		})
	})
}

// weights returns the name of a TensorProto, and fails if its data is elsewhere.
func weights(message []byte) (name string, err error) {
	err = fields(message, func(f field) error {
		switch {
		case f.number == 8:
			name = string(f.bytes)
		case f.number == 13, f.number == 14 && f.value != 0: // external_data, data_location
			return ErrExternal
		}
		return nil
	})
	return name, err
}

// sparse does so for a SparseTensorProto: values and indices.
func sparse(message []byte) error {
	return fields(message, func(f field) error {
		if f.number > 2 {
			return nil
		}
		_, err := weights(f.bytes)
		return err
	})
}

// port reads a ValueInfoProto.
func port(message []byte) (Port, error) {
	var p Port
	err := fields(message, func(f field) error {
		switch f.number {
		case 1:
			p.Name = string(f.bytes)
		case 2: // type
			return fields(f.bytes, func(f field) error {
				if f.number != 1 { // tensor_type
					return nil
				}
				return fields(f.bytes, p.tensorType)
			})
		}
		return nil
	})
	return p, err
}

// tensorType reads one field of a TypeProto.Tensor.
func (p *Port) tensorType(f field) error {
	switch f.number {
	case 1: // elem_type
		p.Float = f.value == 1
	case 2: // shape
		return fields(f.bytes, func(f field) error {
			if f.number != 1 || len(p.Shape) > 8 {
				return nil
			}
			size := int64(-1)
			err := fields(f.bytes, func(f field) error {
				if f.number == 1 {
					size = int64(f.value)
				}
				return nil
			})
			if size <= 0 {
				size = -1
			}
			p.Shape = append(p.Shape, size)
			return err
		})
	}
	return nil
}

// fits reports whether one tensor of that shape may go through the port.
func (p Port) fits(shape ...int) bool {
	if !p.Float || len(p.Shape) != len(shape) {
		return false
	}
	for i, n := range p.Shape {
		if n != -1 && n != int64(shape[i]) {
			return false
		}
	}
	return true
}

// Plan is the one way through a graph that a model says there is.
type Plan struct {
	Input, Output string
	In, Out       []int // shapes
}

// plan fails if the graph is not what the model says: one picture in, and one
// vector of its length out.
func (m Model) plan(g Graph) (Plan, error) {
	p := Plan{In: []int{1, 3, m.Chip, m.Chip}, Out: []int{1, m.Numbers}}
	if m.Layout == NHWC {
		p.In = []int{1, m.Chip, m.Chip, 3}
	}
	if len(g.Inputs) != 1 || !g.Inputs[0].fits(p.In...) {
		return Plan{}, fmt.Errorf("operator: %s takes %v, not one picture of %v", m.File, g.Inputs, p.In)
	}
	if len(g.Outputs) != 1 {
		return Plan{}, fmt.Errorf("operator: %s has %d outputs, not one", m.File, len(g.Outputs))
	}
	out := g.Outputs[0]
	// Some writers leave the output's shape out altogether: then what runs tells.
	if !out.Float || len(out.Shape) > 0 && !out.fits(p.Out...) {
		return Plan{}, fmt.Errorf("operator: %s gives %v, not one vector of %d numbers", m.File, out, m.Numbers)
	}
	p.Input, p.Output = g.Inputs[0].Name, out.Name
	return p, nil
}
