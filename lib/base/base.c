#include <stdarg.h>
#include <stdio.h>

#include "wv_base.h"

int wv_fail(struct wv_err *err, int number, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -number;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return -number;
}
