/* `oriel image build`: starts the script that builds a virtual machine's image. */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

/* arguments: those after "image build", ended by NULL. Becomes the script; returns an
 * exit code, after a sentence, when that fails. */
int image_build(char *const *arguments);

#endif
