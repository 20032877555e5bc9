#include "answers.h"

const struct hostile_kind hostile_kinds[] = {{NULL, NULL}};
const unsigned hostile_n = 0;

bool hostile_zones_make(struct traffic *t)
{
	(void)t;
	return true;
}
