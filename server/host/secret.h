/* For processes that hold passwords or hashes. */
#ifndef HOST_SECRET_H
#define HOST_SECRET_H

/* No core dumps, and no other process of our user may look into this one. */
void secret_protect_process(void);

/* jansson's memory is wiped when it is freed: texts in it may be passwords. Call
 * before the first use of jansson. */
void secret_protect_json(void);

#endif
