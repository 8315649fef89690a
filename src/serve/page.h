/* page.html, embedded in the library. */
#ifndef SERVE_PAGE_H
#define SERVE_PAGE_H

#include <stddef.h>

extern const char serve_page[];
extern const size_t serve_page_length;

#endif
