#include "base/memory.h"
#include "corpus/decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { FRAME_HEADER_MAX = 18 };

typedef struct unzstd {
    ZSTD_DCtx *context;
    int window_log;
    bool in_frame;
    unsigned char header[FRAME_HEADER_MAX]; /* the first bytes of the current frame */
    size_t header_size;
    unsigned char output[DECODER_OUTPUT];
} unzstd;

static void unzstd_close(void *state)
{
    unzstd *unzstd = state;
    ZSTD_freeDCtx(unzstd->context);
    free(unzstd);
}

static bert_status unzstd_open(void **state, int zstd_window_log, bert_error *error)
{
    unzstd *unzstd;
    TRY(memory_array((void **)&unzstd, 1, sizeof *unzstd, "a decoder of zstd", error));
    unzstd->window_log = zstd_window_log;
    unzstd->context = ZSTD_createDCtx();
    if (!unzstd->context || ZSTD_isError(ZSTD_DCtx_setParameter(
                                unzstd->context, ZSTD_d_windowLogMax, zstd_window_log))) {
        unzstd_close(unzstd);
        return error_set(error, BERT_ERROR_MEMORY, "no memory to decompress zstd");
    }
    *state = unzstd;
    return BERT_OK;
}

static void keep_header(unzstd *unzstd, const char *data, size_t size)
{
    size_t missing = FRAME_HEADER_MAX - unzstd->header_size;
    size_t kept = size < missing ? size : missing;
    memcpy(unzstd->header + unzstd->header_size, data, kept);
    unzstd->header_size += kept;
}

/* The window that the frame's header states (RFC 8878, 3.1.1.1); 0 if that is missing. */
static uint64_t frame_window(const unsigned char *header, size_t size)
{
    static const size_t content_size_bytes[] = {1, 2, 4, 8}, dictionary_bytes[] = {0, 1, 2, 4};
    if (size < 6)
        return 0;
    unsigned descriptor = header[4];
    bool is_single_segment = descriptor >> 5 & 1;
    if (!is_single_segment) {
        uint64_t base = (uint64_t)1 << (10 + (header[5] >> 3));
        return base + base / 8 * (header[5] & 7);
    }
    size_t begin = 5 + dictionary_bytes[descriptor & 3];
    size_t bytes = content_size_bytes[descriptor >> 6];
    uint64_t content = 0;
    for (size_t i = 0; i < bytes && begin + i < size; i++)
        content |= (uint64_t)header[begin + i] << 8 * i;
    return content;
}

static bert_status window_error(const unzstd *unzstd, bert_error *error)
{
    uint64_t window = frame_window(unzstd->header, unzstd->header_size);
    int log = 10;
    while (log < 63 && (uint64_t)1 << log < window)
        log++;
    unsigned long long mebibytes = (window + (1 << 20) - 1) >> 20;
    if (log > ZSTD_WINDOW_LOG_LARGEST)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "its zstd window of %llu MiB is more than the zstd library reads",
                         mebibytes);
    return error_set(error, BERT_ERROR_INPUT,
                     "its zstd window takes %llu MiB of memory, the limit is %d MiB; set "
                     "options->zstd_window_log to %d to allow it",
                     mebibytes, 1 << (unzstd->window_log - 20), log);
}

static bert_status unzstd_piece(void *state, const char *data, size_t size, size_t *taken,
                                const void **out, size_t *got, bert_error *error)
{
    unzstd *unzstd = state;
    *taken = *got = 0;
    *out = unzstd->output;
    if (size == 0 && !unzstd->in_frame)
        return BERT_OK;
    if (!unzstd->in_frame)
        unzstd->header_size = 0;
    keep_header(unzstd, data, size);
    ZSTD_inBuffer input = {data, size, 0};
    ZSTD_outBuffer output = {unzstd->output, DECODER_OUTPUT, 0};
    size_t result = ZSTD_decompressStream(unzstd->context, &output, &input);
    *taken = input.pos;
    *got = output.pos;
    if (!ZSTD_isError(result)) {
        unzstd->in_frame = result != 0;
        /* At the end of the input, the last block may still have output to return. */
        return size == 0 && *got == 0 && unzstd->in_frame
                   ? error_set(error, BERT_ERROR_INPUT, "truncated")
                   : BERT_OK;
    }
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return window_error(unzstd, error);
    case ZSTD_error_prefix_unknown:
        return error_set(error, BERT_ERROR_INPUT, "trailing data that is not zstd");
    case ZSTD_error_dictionary_wrong:
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "it was compressed with a zstd dictionary; recompress it without one");
    case ZSTD_error_memory_allocation:
        return error_set(error, BERT_ERROR_MEMORY, "no memory for its zstd window");
    default:
        return error_set(error, BERT_ERROR_INPUT, "damaged (%s)", ZSTD_getErrorName(result));
    }
}

const decoder_format decoder_zstd = {unzstd_open, unzstd_close, unzstd_piece};
