#include "textflag.h"

// One step of the tile: a row of the panel in Y0 and Y1, six values of a, one
// after the other in Y2 and Y3, twelve products into Y4 to Y15. off is the
// place in the rows of a, boff in the panel.
#define STEP(off, boff) \
	VMOVUPS      boff(SI), Y0         \
	VMOVUPS      (boff+32)(SI), Y1    \
	VBROADCASTSS off(AX), Y2          \
	VBROADCASTSS off(AX)(R8*1), Y3    \
	VFMADD231PS  Y0, Y2, Y4           \
	VFMADD231PS  Y1, Y2, Y5           \
	VFMADD231PS  Y0, Y3, Y6           \
	VFMADD231PS  Y1, Y3, Y7           \
	VBROADCASTSS off(AX)(R8*2), Y2    \
	VBROADCASTSS off(BX), Y3          \
	VFMADD231PS  Y0, Y2, Y8           \
	VFMADD231PS  Y1, Y2, Y9           \
	VFMADD231PS  Y0, Y3, Y10          \
	VFMADD231PS  Y1, Y3, Y11          \
	VBROADCASTSS off(BX)(R8*1), Y2    \
	VBROADCASTSS off(BX)(R8*2), Y3    \
	VFMADD231PS  Y0, Y2, Y12          \
	VFMADD231PS  Y1, Y2, Y13          \
	VFMADD231PS  Y0, Y3, Y14          \
	VFMADD231PS  Y1, Y3, Y15

// Scale and move one row of results: l and r are its halves.
#define SCALE(l, r) \
	VFMADD213PS Y2, Y0, l \
	VFMADD213PS Y3, Y1, r

// Keep one row in its range and store it.
#define STORE(l, r) \
	VMAXPS  Y0, l, l   \
	VMAXPS  Y0, r, r   \
	VMINPS  Y1, l, l   \
	VMINPS  Y1, r, r   \
	VMOVUPS l, (DI)    \
	VMOVUPS r, 32(DI)  \
	ADDQ    R9, DI

// func tileVector(k int, a *float32, lda int, b, c *float32, ldc int, mul, add *float32, low, high float32)
TEXT ·tileVector(SB), NOSPLIT, $0-72
	MOVQ k+0(FP), CX
	MOVQ a+8(FP), AX
	MOVQ lda+16(FP), R8
	MOVQ b+24(FP), SI
	MOVQ c+32(FP), DI
	MOVQ ldc+40(FP), R9
	SHLQ $2, R8
	SHLQ $2, R9
	LEAQ (AX)(R8*2), BX
	ADDQ R8, BX
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13
	VXORPS Y14, Y14, Y14
	VXORPS Y15, Y15, Y15
	MOVQ CX, DX
	SHRQ $2, DX
	JZ   rest

four:
	STEP(0, 0)
	STEP(4, 64)
	STEP(8, 128)
	STEP(12, 192)
	ADDQ $16, AX
	ADDQ $16, BX
	ADDQ $256, SI
	DECQ DX
	JNZ  four

rest:
	ANDQ $3, CX
	JZ   done

one:
	STEP(0, 0)
	ADDQ $4, AX
	ADDQ $4, BX
	ADDQ $64, SI
	DECQ CX
	JNZ  one

done:
	MOVQ mul+48(FP), AX
	MOVQ add+56(FP), BX
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	VMOVUPS (BX), Y2
	VMOVUPS 32(BX), Y3
	SCALE(Y4, Y5)
	SCALE(Y6, Y7)
	SCALE(Y8, Y9)
	SCALE(Y10, Y11)
	SCALE(Y12, Y13)
	SCALE(Y14, Y15)
	VBROADCASTSS low+64(FP), Y0
	VBROADCASTSS high+68(FP), Y1
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	STORE(Y12, Y13)
	STORE(Y14, Y15)
	VZEROUPPER
	RET

// Three taps of one row of the window.
#define TAPS(row, w) \
	VMOVUPS     (row), Y1              \
	VFMADD231PS (w), Y1, Y0            \
	VMOVUPS     (row)(R12*1), Y1       \
	VFMADD231PS (w)(R12*1), Y1, Y0     \
	VMOVUPS     (row)(R12*2), Y1       \
	VFMADD231PS (w)(R12*2), Y1, Y0     \
	ADDQ        $32, row               \
	ADDQ        $32, w

// func depthVector(dst, r0, r1, r2, w, bias *float32, c int, low, high float32)
TEXT ·depthVector(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ r0+8(FP), R8
	MOVQ r1+16(FP), R9
	MOVQ r2+24(FP), R10
	MOVQ w+32(FP), AX
	MOVQ bias+40(FP), SI
	MOVQ c+48(FP), CX
	MOVQ CX, R12
	SHLQ $2, R12
	LEAQ (R12)(R12*2), R13
	LEAQ (AX)(R13*1), BX
	LEAQ (BX)(R13*1), DX
	VBROADCASTSS low+56(FP), Y2
	VBROADCASTSS high+60(FP), Y3
	SHRQ $3, CX

eight:
	VMOVUPS (SI), Y0
	TAPS(R8, AX)
	TAPS(R9, BX)
	TAPS(R10, DX)
	VMAXPS  Y2, Y0, Y0
	VMINPS  Y3, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	DECQ    CX
	JNZ     eight
	VZEROUPPER
	RET

// func addVector(dst, src *float32, n int, low, high float32)
TEXT ·addVector(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS low+24(FP), Y2
	VBROADCASTSS high+28(FP), Y3
	SHRQ $3, CX

sum:
	VMOVUPS (DI), Y0
	VADDPS  (SI), Y0, Y0
	VMAXPS  Y2, Y0, Y0
	VMINPS  Y3, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	DECQ    CX
	JNZ     sum
	VZEROUPPER
	RET

// func spreadVector(dst *float32, src *uint8, n int, scale, min float32)
TEXT ·spreadVector(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y2
	VBROADCASTSS min+28(FP), Y3
	SHRQ $3, CX

spread:
	VPMOVZXBD   (SI), Y0
	VCVTDQ2PS   Y0, Y0
	VFMADD213PS Y3, Y2, Y0
	VMOVUPS     Y0, (DI)
	ADDQ        $8, SI
	ADDQ        $32, DI
	DECQ        CX
	JNZ         spread
	VZEROUPPER
	RET
