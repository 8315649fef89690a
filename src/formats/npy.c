#include "bert/npy.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A multiple of 64, large enough for any shape: the header is rewritten when the number of rows is
 * known. */
enum { HEADER_SIZE = 128, PREFIX_SIZE = 10 };

struct bert_npy {
    output_file file;
    size_t columns;
    uint64_t rows;
};

static void format_header(char header[HEADER_SIZE], uint64_t rows, size_t columns)
{
    enum { TEXT = HEADER_SIZE - PREFIX_SIZE };
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = TEXT;
    header[9] = 0;
    char *text = header + PREFIX_SIZE;
    memset(text, ' ', TEXT);
    char fields[TEXT];
    int length = snprintf(fields, sizeof fields,
                          "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %zu), }",
                          (unsigned long long)rows, columns);
    memcpy(text, fields, (size_t)length);
    text[TEXT - 1] = '\n';
}

bert_status bert_npy_open(bert_npy **out, const char *path, size_t columns, bert_error *error)
{
    bert_npy *npy;
    *out = NULL;
    TRY(memory_array((void **)&npy, 1, sizeof *npy, "a .npy writer", error));
    npy->columns = columns;
    char header[HEADER_SIZE];
    format_header(header, 0, columns);
    bert_status status = output_file_open(&npy->file, path, error);
    if (status == BERT_OK)
        status = output_file_write(&npy->file, header, sizeof header, error);
    if (status != BERT_OK)
        bert_npy_discard(npy);
    else
        *out = npy;
    return status;
}

bert_status bert_npy_write(bert_npy *npy, const float *rows, size_t count, bert_error *error)
{
    npy->rows += count;
    return output_file_write(&npy->file, rows, count * npy->columns * sizeof *rows, error);
}

bert_status bert_npy_commit(bert_npy *npy, bert_error *error)
{
    char header[HEADER_SIZE];
    format_header(header, npy->rows, npy->columns);
    bert_status status = output_file_patch(&npy->file, 0, header, sizeof header, error);
    if (status == BERT_OK)
        status = output_file_commit(&npy->file, error);
    bert_npy_discard(npy);
    return status;
}

void bert_npy_discard(bert_npy *npy)
{
    if (!npy)
        return;
    output_file_discard(&npy->file);
    free(npy);
}
