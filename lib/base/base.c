#include <stdarg.h>
#include <stdio.h>

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
