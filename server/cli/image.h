/* `oriel image build`, `list` and `prune`: scripts that make, show and remove what
 * virtual machines start from. */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

/* arguments: those after "image", ended by NULL. Becomes the script; returns an exit
 * code, after a sentence, when that fails. */
int image_run(char *const *arguments);

#endif
