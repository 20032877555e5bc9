// FILE.json: what a capture holds, and what is promised of it.
#ifndef PROMISE_H
#define PROMISE_H

#include "traffic.h"

// For free(). NULL: no memory.
char *promise_print(const struct traffic *t, const struct traffic_params *params);

#endif
