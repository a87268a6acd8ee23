#include "textflag.h"

// What the assembler has no names for, on four float32: FMAX, FMIN, FADD, UCVTF
// (Arm ARM C7.2).
#define FMAX4(m, n, d) WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d))
#define FMIN4(m, n, d) WORD $(0x4EA0F400 | (m)<<16 | (n)<<5 | (d))
#define FADD4(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))
#define UCVTF4(n, d) WORD $(0x6E21D800 | (n)<<5 | (d))

// One value of a row of a, four times in V4, and its products with a row of the
// panel, V0 to V3.
#define ROW(a, p, q, r, s) \
	VLD1R.P 4(a), [V4.S4]    \
	VFMLA   V0.S4, V4.S4, p  \
	VFMLA   V1.S4, V4.S4, q  \
	VFMLA   V2.S4, V4.S4, r  \
	VFMLA   V3.S4, V4.S4, s

// Four results of a row: scaled by V0, moved by V1, kept between V2 and V3, stored.
#define FINISH(acc, c) \
	VMOV   V1.B16, V4.B16     \
	VFMLA  V0.S4, acc, V4.S4  \
	FMAX4(2, 4, 4)            \
	FMIN4(3, 4, 4)            \
	VST1.P [V4.S4], 16(c)

#define QUARTER(a0, a1, a2, a3, a4, a5) \
	VLD1.P 16(R7), [V0.S4] \
	VLD1.P 16(R8), [V1.S4] \
	FINISH(a0, R10)        \
	FINISH(a1, R11)        \
	FINISH(a2, R12)        \
	FINISH(a3, R13)        \
	FINISH(a4, R14)        \
	FINISH(a5, R15)

// func tileVector(k int, a *float32, lda int, b, c *float32, ldc int, mul, add *float32, low, high float32)
TEXT ·tileVector(SB), NOSPLIT, $0-72
	MOVD k+0(FP), R9
	MOVD a+8(FP), R0
	MOVD lda+16(FP), R10
	MOVD b+24(FP), R6
	LSL  $2, R10
	ADD  R10, R0, R1
	ADD  R10, R1, R2
	ADD  R10, R2, R3
	ADD  R10, R3, R4
	ADD  R10, R4, R5
	VEOR V8.B16, V8.B16, V8.B16
	VEOR V9.B16, V9.B16, V9.B16
	VEOR V10.B16, V10.B16, V10.B16
	VEOR V11.B16, V11.B16, V11.B16
	VEOR V12.B16, V12.B16, V12.B16
	VEOR V13.B16, V13.B16, V13.B16
	VEOR V14.B16, V14.B16, V14.B16
	VEOR V15.B16, V15.B16, V15.B16
	VEOR V16.B16, V16.B16, V16.B16
	VEOR V17.B16, V17.B16, V17.B16
	VEOR V18.B16, V18.B16, V18.B16
	VEOR V19.B16, V19.B16, V19.B16
	VEOR V20.B16, V20.B16, V20.B16
	VEOR V21.B16, V21.B16, V21.B16
	VEOR V22.B16, V22.B16, V22.B16
	VEOR V23.B16, V23.B16, V23.B16
	VEOR V24.B16, V24.B16, V24.B16
	VEOR V25.B16, V25.B16, V25.B16
	VEOR V26.B16, V26.B16, V26.B16
	VEOR V27.B16, V27.B16, V27.B16
	VEOR V28.B16, V28.B16, V28.B16
	VEOR V29.B16, V29.B16, V29.B16
	VEOR V30.B16, V30.B16, V30.B16
	VEOR V31.B16, V31.B16, V31.B16

step:
	VLD1.P 64(R6), [V0.S4, V1.S4, V2.S4, V3.S4]
	ROW(R0, V8.S4, V9.S4, V10.S4, V11.S4)
	ROW(R1, V12.S4, V13.S4, V14.S4, V15.S4)
	ROW(R2, V16.S4, V17.S4, V18.S4, V19.S4)
	ROW(R3, V20.S4, V21.S4, V22.S4, V23.S4)
	ROW(R4, V24.S4, V25.S4, V26.S4, V27.S4)
	ROW(R5, V28.S4, V29.S4, V30.S4, V31.S4)
	SUBS $1, R9
	BNE  step

	MOVD c+32(FP), R10
	MOVD ldc+40(FP), R9
	MOVD mul+48(FP), R7
	MOVD add+56(FP), R8
	LSL  $2, R9
	ADD  R9, R10, R11
	ADD  R9, R11, R12
	ADD  R9, R12, R13
	ADD  R9, R13, R14
	ADD  R9, R14, R15
	MOVD $low+64(FP), R0
	VLD1R (R0), [V2.S4]
	MOVD $high+68(FP), R0
	VLD1R (R0), [V3.S4]
	QUARTER(V8.S4, V12.S4, V16.S4, V20.S4, V24.S4, V28.S4)
	QUARTER(V9.S4, V13.S4, V17.S4, V21.S4, V25.S4, V29.S4)
	QUARTER(V10.S4, V14.S4, V18.S4, V22.S4, V26.S4, V30.S4)
	QUARTER(V11.S4, V15.S4, V19.S4, V23.S4, V27.S4, V31.S4)
	RET

// One tap of the window: four values of the picture times four weights.
#define TAP(row, w) \
	VLD1.P 16(row), [V1.S4]      \
	VLD1.P 16(w), [V2.S4]        \
	VFMLA  V1.S4, V2.S4, V0.S4

// func depthVector(dst, r0, r1, r2, w, bias *float32, c int, low, high float32)
TEXT ·depthVector(SB), NOSPLIT, $0-64
	MOVD c+48(FP), R21
	LSL  $2, R21, R22
	MOVD r0+8(FP), R0
	ADD  R22, R0, R1
	ADD  R22, R1, R2
	MOVD r1+16(FP), R3
	ADD  R22, R3, R4
	ADD  R22, R4, R5
	MOVD r2+24(FP), R6
	ADD  R22, R6, R7
	ADD  R22, R7, R8
	MOVD w+32(FP), R9
	ADD  R22, R9, R10
	ADD  R22, R10, R11
	ADD  R22, R11, R12
	ADD  R22, R12, R13
	ADD  R22, R13, R14
	ADD  R22, R14, R15
	ADD  R22, R15, R16
	ADD  R22, R16, R17
	MOVD dst+0(FP), R19
	MOVD bias+40(FP), R20
	MOVD $low+56(FP), R22
	VLD1R (R22), [V3.S4]
	MOVD $high+60(FP), R22
	VLD1R (R22), [V4.S4]
	LSR  $2, R21

four:
	VLD1.P 16(R20), [V0.S4]
	TAP(R0, R9)
	TAP(R1, R10)
	TAP(R2, R11)
	TAP(R3, R12)
	TAP(R4, R13)
	TAP(R5, R14)
	TAP(R6, R15)
	TAP(R7, R16)
	TAP(R8, R17)
	FMAX4(3, 0, 0)
	FMIN4(4, 0, 0)
	VST1.P [V0.S4], 16(R19)
	SUBS $1, R21
	BNE  four
	RET

// func addVector(dst, src *float32, n int, low, high float32)
TEXT ·addVector(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD $low+24(FP), R3
	VLD1R (R3), [V2.S4]
	MOVD $high+28(FP), R3
	VLD1R (R3), [V3.S4]
	LSR  $2, R2

sum:
	VLD1   (R0), [V0.S4]
	VLD1.P 16(R1), [V1.S4]
	FADD4(1, 0, 0)
	FMAX4(2, 0, 0)
	FMIN4(3, 0, 0)
	VST1.P [V0.S4], 16(R0)
	SUBS $1, R2
	BNE  sum
	RET

// func spreadVector(dst *float32, src *uint8, n int, scale, min float32)
TEXT ·spreadVector(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD $scale+24(FP), R3
	VLD1R (R3), [V5.S4]
	MOVD $min+28(FP), R3
	VLD1R (R3), [V6.S4]
	LSR  $3, R2

spread:
	VLD1.P 8(R1), [V0.B8]
	VUXTL  V0.B8, V1.H8
	VUXTL  V1.H4, V2.S4
	VUXTL2 V1.H8, V3.S4
	UCVTF4(2, 2)
	UCVTF4(3, 3)
	VMOV   V6.B16, V7.B16
	VMOV   V6.B16, V8.B16
	VFMLA  V5.S4, V2.S4, V7.S4
	VFMLA  V5.S4, V3.S4, V8.S4
	VST1.P [V7.S4, V8.S4], 32(R0)
	SUBS $1, R2
	BNE  spread
	RET
