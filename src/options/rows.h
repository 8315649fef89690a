/* What the tables of options are written with. PARAMS is the struct that a table is for, defined by
 * the file that holds the table; a group of options that several structs have is an .inc of its
 * own, which is included in each of their tables. */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include "bert.h"
#include "options/choices.h"

#include <float.h>
#include <limits.h>

/* The member's offset; does not compile without a warning where the member is of another type. */
#define MEMBER(c_type, path) \
    (offsetof(PARAMS, path) + 0 * sizeof((c_type *)0 == &((PARAMS *)0)->path))

/* One option each. The name is that of the member, whose path in the struct may be longer. */
#define OPTION_AT(kind, c_type, name, path, ...)                    \
    {                                                               \
        name, BERT_OPTION_##kind, MEMBER(c_type, path), __VA_ARGS__ \
    }
#define FLAG(member, ...) OPTION_AT(BOOL, bool, #member, member, __VA_ARGS__)
#define INT(member, ...) OPTION_AT(INT, int, #member, member, __VA_ARGS__)
#define INT64(member, ...) OPTION_AT(INT64, int64_t, #member, member, __VA_ARGS__)
#define UINT64(member, ...) OPTION_AT(UINT64, uint64_t, #member, member, __VA_ARGS__)
#define SIZE(member, ...) OPTION_AT(SIZE, size_t, #member, member, __VA_ARGS__)
#define REAL(member, ...) OPTION_AT(DOUBLE, double, #member, member, __VA_ARGS__)
#define TEXT(member, ...) OPTION_AT(STRING, const char *, #member, member, __VA_ARGS__)
#define CHOICE(c_type, member, ...) OPTION_AT(CHOICE, c_type, #member, member, __VA_ARGS__)
#define PATH(member, ...) OPTION_AT(PATH, const char *, #member, member, __VA_ARGS__)
#define PATHS(member, ...) OPTION_AT(PATHS, const char *, #member, member, __VA_ARGS__)
#define MODEL(member, ...) OPTION_AT(MODEL, const char *, #member, member, __VA_ARGS__)

/* What a name on the Hub may stand for, and the words for it in a help text. */
#define HUB(part) .hub = BERT_HUB_##part
#define HUB_NAME_HELP "its name on the Hugging Face Hub"

/* Ranges. 2^53 is the largest number up to which JSON's numbers hold every whole one. */
#define FROM_TO(low, high) .minimum = (low), .maximum = (high)
#define FROM_BELOW(low, high) FROM_TO(low, high), .below_maximum = true
#define BETWEEN(low, high) FROM_BELOW(low, high), .above_minimum = true
#define AT_LEAST(low) FROM_TO(low, DBL_MAX)
#define ABOVE(low) AT_LEAST(low), .above_minimum = true
#define COUNT FROM_TO(0, 0x1p53)
#define COUNT_FROM(low) FROM_TO(low, 0x1p53)

/* What several tables say of options of different types. */
#define PUSH() .value = "OWNER/NAME", .optional = true, .group = "Sending to the Hugging Face Hub"
#define PUSH_HELP(what) \
    "send " what " to this model on the Hub, in the background, and make it if it does not exist"
#define PRIVATE_HELP "make it a private one"
#define ZERO_HELP "1: ZeRO stage 1, each rank keeps and updates its share of the optimizer's state"
#define GRADIENT_DTYPE_HELP "type of the gradients that travel between ranks"

/* The public function that returns a table. */
#define DEFINE_TABLE(name, rows)                \
    const bert_option *name(size_t *count)      \
    {                                           \
        *count = sizeof(rows) / sizeof *(rows); \
        return rows;                            \
    }

#endif
