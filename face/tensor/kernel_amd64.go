package tensor

import "golang.org/x/sys/cpu"

// vectors tells whether the processor has what the assembly needs. It is set
// once, before main, and only read.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA
