/* Formats table values like tests/formats/tables/rows.txt. */
#ifndef TESTS_FORMATS_ROWS_TEXT_H
#define TESTS_FORMATS_ROWS_TEXT_H

#include "base/text.h"

/* Appends a string, with line feeds as "\\n"; NULL as "NULL". */
static inline bert_status rows_append_value(text *out, const char *data, size_t length,
                                            bert_error *error)
{
    if (!data)
        return text_append(out, "NULL", 4, error);
    for (size_t i = 0; i < length; i++)
        TRY(data[i] == '\n' ? text_append(out, "\\n", 2, error)
                            : text_append(out, data + i, 1, error));
    return BERT_OK;
}

#endif
