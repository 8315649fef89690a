/* Duplicate lines, counted in bounded memory. */
#ifndef DATASET_REPEATED_LINES_H
#define DATASET_REPEATED_LINES_H

#include "base/text.h"
#include "bert.h"

/* LINE_SHOWN_BYTES: bytes of a repeated line kept for display. */
enum { LINE_SHOWN_BYTES = 160, REPEATED_LINES_MINIMUM = 1 << 20 };

typedef struct seen_line {
    uint64_t hash;
    uint64_t count; /* 0: a free slot */
    uint64_t shown; /* its text starts at shown − 1; 0: seen once, no text kept */
} seen_line;

/* "Lossy counting" (Manku and Motwani, VLDB 2002): when the memory is full, the lines seen least
 * are evicted, and counts may be too low by up to `lost`. */
typedef struct repeated_lines {
    seen_line *lines; /* by hash, open addressing */
    size_t count, capacity;
    text texts; /* of lines seen twice, terminated */
    uint64_t memory;
    uint64_t repeated, lost;
} repeated_lines;

/* Before the first call, set `memory` (at least REPEATED_LINES_MINIMUM bytes) of a zeroed struct.
 * Lines are UTF-8. */
bert_status repeated_lines_add(repeated_lines *lines, const char *line, size_t length,
                               bert_error *error);

/* The `top` most frequent of the lines seen at least twice; ties are sorted by their bytes. */
bert_status repeated_lines_list(const repeated_lines *lines, size_t top, bert_counted_texts *list,
                                bert_error *error);
void repeated_lines_free(repeated_lines *lines);

/* Appends a copy of a text, truncated to at most `limit` bytes of whole characters, to a list that
 * has capacity for it. */
bert_status counted_texts_add(bert_counted_texts *list, const char *text, size_t length,
                              size_t limit, uint64_t count, bert_error *error);

#endif
