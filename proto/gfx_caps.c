/* Capability sets of RDPGFX: what the client knows, and what follows from it. */
#include <proto/gfx.h>

#define CACHE_LARGE_BYTES (100u << 20)
#define CACHE_SMALL_BYTES (16u << 20)

enum {
	CACHE_LARGE_SLOTS = 25600,
	CACHE_SMALL_SLOTS = 4096,
	FLAGS_BYTES = 4,
	RESERVED_BYTES = 16, /* in place of flags in 10.1 */
};

/* Best first. 10.1 stands behind 10 because it has no flags: it says nothing about
 * cache and AVC, and its clients send no QoE acknowledges (2.2.2.21). */
static const struct {
	uint32_t version;
	uint32_t flags; /* those that this version has */
} versions[] = {
	{ GFX_VERSION_107,
			GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED | GFX_CAPS_AVC_THINCLIENT |
					GFX_CAPS_SCALEDMAP_DISABLE },
	{ GFX_VERSION_106, GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED | GFX_CAPS_AVC_THINCLIENT },
	{ GFX_VERSION_105, GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED | GFX_CAPS_AVC_THINCLIENT },
	{ GFX_VERSION_104, GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED | GFX_CAPS_AVC_THINCLIENT },
	{ GFX_VERSION_103, GFX_CAPS_AVC_DISABLED | GFX_CAPS_AVC_THINCLIENT },
	{ GFX_VERSION_102, GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED },
	{ GFX_VERSION_10, GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC_DISABLED },
	{ GFX_VERSION_101, 0 },
	{ GFX_VERSION_81, GFX_CAPS_THINCLIENT | GFX_CAPS_SMALL_CACHE | GFX_CAPS_AVC420_ENABLED },
	{ GFX_VERSION_8, GFX_CAPS_THINCLIENT | GFX_CAPS_SMALL_CACHE },
};

enum {
	VERSIONS = sizeof versions / sizeof *versions,
};

static bool is_known(uint32_t version)
{
	for (int i = 0; i < VERSIONS; i++) {
		if (versions[i].version == version)
			return true;
	}
	return false;
}

/* RDPGFX_CAPSET, 2.2.1.6. */
static void parse_set(struct gfx_caps *caps, struct reader *r)
{
	uint32_t version = reader_u32(r);
	uint32_t len = reader_u32(r);
	struct reader data = reader_sub(r, len);

	if (!is_known(version))
		return;
	if (len != (version == GFX_VERSION_101 ? RESERVED_BYTES : FLAGS_BYTES))
		reader_fail(r);
	caps->sets[caps->count++] = (struct gfx_caps_set){
		.version = version,
		.flags = version == GFX_VERSION_101 ? 0 : reader_u32(&data),
	};
}

int gfx_caps_parse(struct gfx_caps *caps, struct reader *r)
{
	uint16_t count = reader_u16(r);

	caps->count = 0;
	if (count > GFX_CAPS_MAX)
		return ERR_FORMAT;
	for (uint16_t i = 0; i < count; i++)
		parse_set(caps, r);
	return reader_done(r) ? 0 : ERR_FORMAT;
}

static const struct gfx_caps_set *find_set(const struct gfx_caps *caps, uint32_t version)
{
	for (uint32_t i = 0; i < caps->count; i++) {
		if (caps->sets[i].version == version)
			return &caps->sets[i];
	}
	return NULL;
}

static bool says_thin_client(const struct gfx_caps *caps)
{
	const struct gfx_caps_set *v8 = find_set(caps, GFX_VERSION_8), *v81 = find_set(caps, GFX_VERSION_81);

	return (v8 && v8->flags & GFX_CAPS_THINCLIENT) || (v81 && v81->flags & GFX_CAPS_THINCLIENT);
}

/* The versions' numbers grow in the order of their release. */
static void follow(struct gfx_caps_choice *choice)
{
	uint32_t version = choice->confirm.version, flags = choice->confirm.flags;
	bool small_cache = flags & (GFX_CAPS_THINCLIENT | GFX_CAPS_SMALL_CACHE) || version == GFX_VERSION_103;
	bool avc10 = version >= GFX_VERSION_10 && version != GFX_VERSION_101 &&
			!(flags & GFX_CAPS_AVC_DISABLED);

	choice->avc444 = avc10;
	/* Before 10.4 nothing promises AVC420 beside AVC444: 2.2.3.7. */
	choice->avc420 = flags & GFX_CAPS_AVC420_ENABLED || (avc10 && version >= GFX_VERSION_104);
	choice->resets = version >= GFX_VERSION_103;
	choice->cache_bytes = small_cache ? CACHE_SMALL_BYTES : CACHE_LARGE_BYTES;
	choice->cache_slots = small_cache ? CACHE_SMALL_SLOTS : CACHE_LARGE_SLOTS;
}

int gfx_caps_choose(struct gfx_caps_choice *choice, const struct gfx_caps *caps)
{
	for (int i = 0; i < VERSIONS; i++) {
		const struct gfx_caps_set *set = find_set(caps, versions[i].version);

		if (!set)
			continue;
		*choice = (struct gfx_caps_choice){
			.confirm = { .version = set->version, .flags = set->flags & versions[i].flags },
			.remotefx = says_thin_client(caps),
		};
		follow(choice);
		return 0;
	}
	return ERR_ARGUMENT;
}
