/* Numbers of the progressive stream, [MS-RDPEGFX] 2.2.4.2.1. */
#ifndef PROGRESSIVE_BLOCKS_H
#define PROGRESSIVE_BLOCKS_H

enum progressive_block_type {
	PROGRESSIVE_SYNC = 0xccc0,
	PROGRESSIVE_FRAME_BEGIN = 0xccc1,
	PROGRESSIVE_FRAME_END = 0xccc2,
	PROGRESSIVE_CONTEXT = 0xccc3,
	PROGRESSIVE_REGION = 0xccc4,
	PROGRESSIVE_TILE_SIMPLE = 0xccc5,
	PROGRESSIVE_TILE_FIRST = 0xccc6,
	PROGRESSIVE_TILE_UPGRADE = 0xccc7,
};

#define PROGRESSIVE_MAGIC       0xcaccacca
#define PROGRESSIVE_VERSION_1_0 0x0100

#define PROGRESSIVE_SUBBAND_DIFFING 1 /* context flags */
#define PROGRESSIVE_EXTRAPOLATE     1 /* region flags */
#define PROGRESSIVE_DIFFERENCE      1 /* tile flags */
#define PROGRESSIVE_FULL_QUALITY    0xff

#endif
