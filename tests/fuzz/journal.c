/* Batches of a hostile guest. What a journal gives a new context makes a journal
 * there that is no longer: a framebuffer whose objects are gone is left out. */
#include <front/journal.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_inline_write(void *user, const struct virgl_upload *upload, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= bytes[i];
	(void)sum;
}

static void on_transfer(void *user, const struct virgl_upload *upload, uint64_t offset_bytes)
{
}

static void on_copy_transfer(
		void *user, const struct virgl_upload *upload, uint32_t source, uint64_t offset_bytes)
{
}

static void on_drawn(void *user, uint32_t resource, uint32_t level)
{
}

static void on_blit_within(void *user, const struct virgl_entry *blit)
{
	if (blit->len != VIRGL_BLIT_WORDS)
		abort();
}

static const struct journal_uploads uploads = { on_inline_write, on_transfer, on_copy_transfer, on_drawn,
	on_blit_within };

static bool has_resource(void *user, uint32_t resource)
{
	return true;
}

static int emit(void *user, const uint32_t *words, size_t count)
{
	if (words[0] >> 16 != count - 1)
		abort();
	journal_take(user, words, count, &uploads, NULL);
	return 0;
}

static const struct journal_replay replay = { has_resource, emit };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = size / 4;
	uint32_t *words = malloc(count ? count * 4 : 1);
	struct journal_budget budget = { 0 };
	struct journal *journal = journal_create(&budget), *again = journal_create(&budget);

	if (words && journal && again) {
		memcpy(words, data, count * 4);
		journal_take(journal, words, count, &uploads, NULL);
		if (journal_replay(journal, &replay, again) == 0 &&
				journal_bytes(journal) < journal_bytes(again))
			abort();
	}
	journal_destroy(journal);
	journal_destroy(again);
	if (budget.used_bytes)
		abort();
	free(words);
	return 0;
}
