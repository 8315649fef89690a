/* The speed of encoding lines: `tokenizer_speed TOKENIZER FILE THREADS SECONDS`.
 *
 * Encodes all lines of the file repeatedly, after a warm-up pass, and prints {"bytes": …, "ids": …,
 * "seconds": …} of the fastest pass. */
#include "base/clock.h"
#include "base/file.h"
#include "bert.h"

#include <stdio.h>
#include <stdlib.h>

static bert_status count_ids(void *context, const char *text, size_t length,
                             const bert_encoding *encoding, bert_error *error)
{
    (void)text, (void)length, (void)error;
    *(uint64_t *)context += encoding->count;
    return BERT_OK;
}

static int fail(const bert_error *error)
{
    fprintf(stderr, "%s\n", error->message);
    return 1;
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fprintf(stderr, "usage: %s TOKENIZER FILE THREADS SECONDS\n", arguments[0]);
        return 2;
    }
    bert_error error;
    bert_tokenizer *tokenizer;
    file_map file;
    if (bert_tokenizer_load(&tokenizer, arguments[1], NULL, &error) != BERT_OK ||
        file_map_open(&file, arguments[2], &error) != BERT_OK)
        return fail(&error);
    double fastest = 0, end = 0;
    uint64_t ids = 0;
    for (bool first = true; first || clock_seconds() < end; first = false) {
        double start = clock_seconds();
        ids = 0;
        if (bert_tokenizer_encode_lines(tokenizer, (const char *)file.data, file.size, true, 0,
                                        atoi(arguments[3]), count_ids, &ids, &error) != BERT_OK)
            return fail(&error);
        double seconds = clock_seconds() - start;
        if (first)
            end = clock_seconds() + atof(arguments[4]);
        else if (fastest == 0 || seconds < fastest)
            fastest = seconds;
    }
    printf("{\"bytes\": %zu, \"ids\": %llu, \"seconds\": %.6f}\n", file.size,
           (unsigned long long)ids, fastest);
    file_map_close(&file);
    bert_tokenizer_free(tokenizer);
    return 0;
}
