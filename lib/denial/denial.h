// What the files of this library share.
#ifndef DENIAL_H
#define DENIAL_H

#include "wv_denial.h"

// A type bitmap, and the bits that matter whatever was asked.
struct types {
	const uint8_t *bitmap;
	size_t len;
	bool ns, soa, ds, cname, dname;
};

// bitmap.c. False: malformed.
bool wv_denial_types_read(struct types *types, const uint8_t *bitmap, size_t len);

// A record with these types, at the name asked for, proves that there is none of `type`. The root
// has no parent: it speaks of its DS itself.
bool wv_denial_types_lack(const struct types *types, uint16_t type, bool is_root);

// What a record at a name says of DS there. SOA: the child's own record, or DS: there is one.
enum wv_denial_ds wv_denial_types_ds(const struct types *types);

// Below such a name the zone says nothing; SOA elsewhere than at the apex is of a zone below.
static inline bool types_end_zone(const struct types *types, bool is_apex)
{
	return types->dname || (types->ns && !types->soa) || (types->soa && !is_apex);
}

static inline bool denial_is_type(const struct wv_rrset *set, enum wv_type type)
{
	return set->type == type && set->class == WV_CLASS_IN && set->n > 0;
}

// nsec.c, nsec3.c: false, or UNPROVEN, where there is no such proof.
bool wv_denial_nsec_absent(const struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof);
bool wv_denial_nsec_closer(
	const struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof);
enum wv_denial_ds wv_denial_nsec_ds(
	const struct wv_denial *d, const struct wv_name *name, uint32_t *used);

bool wv_denial_nsec3_absent(struct wv_denial *d, const struct wv_name *name, uint16_t type,
	struct wv_denial_proof *proof);
bool wv_denial_nsec3_closer(
	struct wv_denial *d, const struct wv_name *closer, struct wv_denial_proof *proof);
enum wv_denial_ds wv_denial_nsec3_ds(
	struct wv_denial *d, const struct wv_name *name, uint32_t *used);

#endif
