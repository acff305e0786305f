/* Numbers of the classic stream, [MS-RDPRFX] 2.2.2.1.1, 2.2.2.1.2. */
#ifndef RFX_BLOCKS_H
#define RFX_BLOCKS_H

enum rfx_block_type {
	RFX_BLOCK_SYNC = 0xccc0,
	RFX_BLOCK_CODEC_VERSIONS = 0xccc1,
	RFX_BLOCK_CHANNELS = 0xccc2,
	RFX_BLOCK_CONTEXT = 0xccc3,
	RFX_BLOCK_FRAME_BEGIN = 0xccc4,
	RFX_BLOCK_FRAME_END = 0xccc5,
	RFX_BLOCK_REGION = 0xccc6,
	RFX_BLOCK_TILESET = 0xccc7, /* WBT_EXTENSION */
	RFX_BLOCK_TILE = 0xcac3,
};
#define RFX_SUBTYPE_REGION  0xcac1
#define RFX_SUBTYPE_TILESET 0xcac2

#define RFX_MAGIC       0xcaccacca
#define RFX_VERSION_1_0 0x0100

#endif
