package tunnus

// A Level says how much a certificate, an account or a log-in is worth, in the
// words of the RP API ("certificateLevel").
type Level string

// The levels, weaker first.
const (
	Advanced  Level = "ADVANCED"
	Qualified Level = "QUALIFIED"
)

// Valid reports whether l is one of the levels.
func (l Level) Valid() bool { return l == Advanced || l == Qualified }

// AtLeast reports whether l serves where want is asked for. A level that is
// none of the two serves nobody.
func (l Level) AtLeast(want Level) bool {
	return l == Qualified && want.Valid() || l == Advanced && want == Advanced
}
