package tensor

import "golang.org/x/sys/cpu"

// vectors tells whether the processor has what the assembly needs (NEON). It is
// set once, before main, and only read.
var vectors = cpu.ARM64.HasASIMD
