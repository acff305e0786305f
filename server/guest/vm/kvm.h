/* Whether KVM runs machines here. */
#ifndef VM_KVM_H
#define VM_KVM_H

#include <stdbool.h>
#include <stddef.h>

/* Tries it with a virtual CPU, in a child process, for ten seconds at most. False: why
 * says what happened, as part of a sentence ("/dev/kvm cannot be opened: ..."). */
bool kvm_works(char *why, size_t cap);

#endif
