// What rig.c and eal.c share.
#ifndef RIG_H
#define RIG_H

#include "wv_base.h"

struct eal {
	bool hugepages;
	unsigned first, last; // CPUs that this process may use; equal where there is one
};

/**
 * Start EAL, quietly and without devices, on the first and the last CPU that this process may use.
 * The last is the main lcore; lcores have the numbers of their CPUs.
 * @param octets  of its memory; of hugepages if so many are free
 */
int eal_start(struct eal *eal, size_t octets, struct wv_err *err);

#endif
