/* What the run-length / Golomb-Rice coders of this folder work on: only the
 * nonzero coefficients and their places. */
#ifndef RFX_X86_RLGR_ITEMS_H
#define RFX_X86_RLGR_ITEMS_H

#include "../dsp.h"

#define RLGR_SHORT_GAPS 32 /* gaps below have their codes in tables */
#define RLGR_SHORT_ONES 64 /* more than fit into the 56 bits of a step */
#define RLGR_RUN_ZEROS  16
#define RLGR_PARAM_MAX  80

/* Reached without a detour through the global offset table. */
#define HIDDEN __attribute__((visibility("hidden")))

struct rlgr_items {
	int count;
	/* 32 unused behind the closing value: collectors write so many at a time; the
	 * first of them is no neighbour of the closing value */
	uint16_t places[RFX_COEFS + 1 + 32];
	uint16_t folds[RFX_COEFS + 1 + 32]; /* 2 * magnitude, minus one when negative */
};

/* From all coefficients and the closing value (-1, ../rlgr_encode.c). */
void rlgr_items_collect_avx2(struct rlgr_items *items, const int16_t *coefs);
void rlgr_items_collect_avx512(struct rlgr_items *items, const int16_t *coefs);

/* To bits. Bytes written, or ERR_SPACE when they might not fit: the exact end is
 * the business of the C version. */
int rlgr1_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items);
int rlgr3_items_encode(uint8_t *dst, size_t cap, const struct rlgr_items *items);

/* An entry of steps: what kp and the gap in front of a value lead to. */
enum {
	RLGR_STEP_LEN = 0,     /* 4 bits: of the run, and of the sign behind it, 0..13 */
	RLGR_STEP_LEAD = 4,    /* 1 bit, RLGR3: one zero is left, the first of a pair with the value */
	RLGR_STEP_RUN = 5,     /* 1 bit: the value follows a run: sign, magnitude - 1; else it is folded */
	RLGR_STEP_SINGLES = 7, /* 2 bits: zeros coded one by one in front of the run */
	RLGR_STEP_NEXT = 9,    /* 7 bits: next kp */
	RLGR_STEP_CODE = 16,   /* 16 bits: the run */
};

/* An entry of rice: what krp and a number of codes of zero (0..3) lead to. */
enum {
	RLGR_RICE_KR = 0,   /* 8 bits: kr behind the zeros */
	RLGR_RICE_LEN = 8,  /* 8 bits: of the zeros, and of the next code without its ones */
	RLGR_RICE_KRP = 16, /* 16 bits: krp behind the zeros, times RLGR_SHORT_ONES */
};

/* One block, so that the coder needs one register for all of it. */
struct rlgr_tables {
	uint32_t steps[(RLGR_PARAM_MAX + 1) * RLGR_SHORT_GAPS];      /* RLGR1 */
	uint32_t pair_steps[(RLGR_PARAM_MAX + 1) * RLGR_SHORT_GAPS]; /* RLGR3 */
	uint32_t rice[(RLGR_PARAM_MAX + 1) * 4];
	uint16_t next_krp[(RLGR_PARAM_MAX + 1) * RLGR_SHORT_ONES]; /* times 4 */
	/* For decoding: kp behind so many zero bits, and above 8 bits the length of the run. */
	uint32_t runs[RLGR_PARAM_MAX + 1][RLGR_RUN_ZEROS];
	/* Byte shuffles that move the 16-bit values of a mask's ones together. */
	_Alignas(16) uint8_t orders[256][16];
};
extern HIDDEN struct rlgr_tables rlgr_tables;

/* Fills the tables; any number of times, from any thread. */
void rlgr_tables_init(void);

#endif
