/* Exit codes of oriel-guest-vm beside EXIT_SUCCESS and EXIT_FAILURE. */
#ifndef VM_EXITS_H
#define VM_EXITS_H

enum {
	VM_EXIT_USAGE = 2,
	VM_EXIT_QEMU = 3,   /* it is missing, does not start, or died */
	VM_EXIT_GPU = 4,    /* likewise oriel-vgpu */
	VM_EXIT_IMAGE = 5,  /* missing, broken, or its disk cannot be made */
	VM_EXIT_MEMORY = 6, /* the host has not as much left */
};

#endif
