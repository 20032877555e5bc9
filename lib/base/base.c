#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wv_base.h"

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
