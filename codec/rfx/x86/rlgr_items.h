/* What the run-length / Golomb-Rice coders of this folder work on: only the
 * nonzero coefficients and the zeros between them. */
#ifndef RFX_X86_RLGR_ITEMS_H
#define RFX_X86_RLGR_ITEMS_H

#include "../dsp.h"

#define RLGR_SHORT_GAPS 32 /* gaps below have their codes in tables */
#define RLGR_SHORT_ONES 64 /* more than fit into the 56 bits of a step */
#define RLGR_RUN_ZEROS  16
#define RLGR_PARAM_MAX  80
#define RLGR_KRP_ZERO   8

/* Reached without a detour through the global offset table. */
#define HIDDEN __attribute__((visibility("hidden")))

struct rlgr_items {
	int count;
	/* Zeros between the value before and this one. 32 unused behind the closing
	 * value: collectors write so many at a time; the first of them is not zero. */
	uint16_t gaps[RFX_COEFS + 1 + 32];
	uint16_t folds[RFX_COEFS + 1 + 32]; /* 2 * magnitude, minus one when negative */
};

/* From all coefficients and the closing value (-1, ../rlgr_encode.c). */
void rlgr_items_collect_avx2(struct rlgr_items *items, const int16_t *coefs);
void rlgr_items_collect_avx512(struct rlgr_items *items, const int16_t *coefs);

/* To bits. Bytes written, or ERR_SPACE when they might not fit: the exact end is
 * the business of the C version. */
int rlgr1_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items);
int rlgr3_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items);

/* What kp and the gap in front of a value lead to. */
struct rlgr_step {
	uint16_t code;   /* of the run, with room for the sign behind it */
	int16_t next;    /* kp behind the value, times RLGR_SHORT_GAPS; less 1 for a pair, whose
	                    second coefficient is taken off the gap to the next value */
	uint8_t len;     /* of code: 0..13 */
	uint8_t run;     /* 1: the value follows a run: sign, magnitude - 1; else it is folded */
	uint8_t singles; /* 0..3: codes of zero in front of the run: zeros, RLGR3: pairs of them */
	uint8_t pair;    /* RLGR3: bit 0: the value is coded together with the coefficient behind
	                    it; bit 5: next if that is not zero */
};

/* What krp and a number of codes of zero (0..3) lead to. */
struct rlgr_rice {
	uint8_t kr;  /* behind the zeros */
	uint8_t len; /* of the zeros, and of the next code without its ones */
};

/* What kp and a number of zero bits lead to. */
struct rlgr_run {
	uint8_t kp;
	uint8_t len;  /* of the zero bits, the one behind them, and the k bits behind that */
	int16_t base; /* plus the last k + 1 of these bits: the length of the run */
};

/* One block, so that the coder needs one register for all of it. */
struct rlgr_tables {
	struct rlgr_step steps[(RLGR_PARAM_MAX + 1) * RLGR_SHORT_GAPS];      /* RLGR1 */
	struct rlgr_step pair_steps[(RLGR_PARAM_MAX + 1) * RLGR_SHORT_GAPS]; /* RLGR3 */
	/* The next two by krp + RLGR_KRP_ZERO, so that krp may go below zero for codes of
	 * zero: 2 for each. */
	struct rlgr_rice rice[RLGR_KRP_ZERO + RLGR_PARAM_MAX + 1][4];
	/* By the ones of a code, below zero by twice the ones: kr comes out as -1 there. */
	uint8_t next_krp[RLGR_KRP_ZERO + RLGR_PARAM_MAX + 1][2 * RLGR_SHORT_ONES];
	uint64_t ones[RLGR_SHORT_ONES]; /* what a code of so many ones is more than the value */
	struct rlgr_run runs[RLGR_PARAM_MAX + 1][RLGR_RUN_ZEROS]; /* for decoding */
	/* Byte shuffles that move the 16-bit values of a mask's ones together. */
	_Alignas(16) uint8_t orders[256][16];
};
extern HIDDEN struct rlgr_tables rlgr_tables;

/* Fills the tables; any number of times, from any thread. */
void rlgr_tables_init(void);

#endif
