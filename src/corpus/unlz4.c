#include "base/memory.h"
#include "corpus/decoder.h"

#include <lz4frame.h>
#include <stdlib.h>

typedef struct unlz4 {
    LZ4F_dctx *context;
    bool in_frame;
    unsigned char output[DECODER_OUTPUT];
} unlz4;

static void unlz4_close(void *state)
{
    unlz4 *unlz4 = state;
    LZ4F_freeDecompressionContext(unlz4->context);
    free(unlz4);
}

static bert_status unlz4_open(void **state, int zstd_window_log, bert_error *error)
{
    (void)zstd_window_log;
    unlz4 *unlz4;
    TRY(memory_array((void **)&unlz4, 1, sizeof *unlz4, "a decoder of LZ4", error));
    if (LZ4F_isError(LZ4F_createDecompressionContext(&unlz4->context, LZ4F_VERSION))) {
        free(unlz4);
        return error_set(error, BERT_ERROR_MEMORY, "no memory to decompress LZ4");
    }
    *state = unlz4;
    return BERT_OK;
}

static bert_status unlz4_piece(void *state, const char *data, size_t size, size_t *taken,
                               const void **out, size_t *got, bert_error *error)
{
    unlz4 *unlz4 = state;
    *taken = *got = 0;
    *out = unlz4->output;
    if (size == 0 && !unlz4->in_frame)
        return BERT_OK;
    *taken = size;
    *got = DECODER_OUTPUT;
    size_t result =
        LZ4F_decompress(unlz4->context, unlz4->output, got, size > 0 ? data : "", taken, NULL);
    if (LZ4F_isError(result) && !unlz4->in_frame)
        return error_set(error, BERT_ERROR_INPUT, "trailing data that is not LZ4");
    if (LZ4F_isError(result))
        return error_set(error, BERT_ERROR_INPUT, "damaged (%s)", LZ4F_getErrorName(result));
    unlz4->in_frame = result != 0;
    /* At the end of the input, the last block may still have output to return. */
    return size == 0 && *got == 0 && unlz4->in_frame
               ? error_set(error, BERT_ERROR_INPUT, "truncated")
               : BERT_OK;
}

const decoder_format decoder_lz4 = {unlz4_open, unlz4_close, unlz4_piece};
