#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wv_base.h"

#define HUGE_PAGE ((size_t)2 << 20)

void wv_err_put(struct wv_err *err, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void wv_err_add(struct wv_err *err, const char *format, ...)
{
	size_t used = strnlen(err->text, sizeof(err->text) - 1);
	va_list args;

	va_start(args, format);
	vsnprintf(err->text + used, sizeof(err->text) - used, format, args);
	va_end(args);
}

void *wv_table_alloc(size_t octets)
{
	size_t align = octets >= HUGE_PAGE ? HUGE_PAGE : WV_CACHE_LINE;
	size_t size = (octets + align - 1) / align * align;
	void *table = aligned_alloc(align, size);

	if (table == NULL)
		return NULL;
	if (align == HUGE_PAGE)
		(void)madvise(table, size, MADV_HUGEPAGE);
	memset(table, 0, size);
	return table;
}
