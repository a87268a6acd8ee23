package pace

// What the worked examples print and nobody else may see.

func (t *Terminal) Generator() []byte { return t.generator.Bytes() }
func (t *Terminal) Secret() []byte    { return t.secret }
func (t *Terminal) Proof() []byte     { return t.proof }

var (
	Stretch   = stretch
	NonceSize = nonceSize
)
