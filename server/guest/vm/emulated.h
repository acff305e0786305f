/* What a Linux kernel should know of processors that QEMU emulates (TCG) and cannot find
 * out by itself, or only at a price. */
#ifndef VM_EMULATED_H
#define VM_EMULATED_H

enum {
	EMULATED_WORDS_CAP = 128,
};

/* Words for its command line, with a space before each; always some. Takes some 10 ms.
 * Thread-safe. */
void emulated_kernel_words(char dst[EMULATED_WORDS_CAP]);

#endif
