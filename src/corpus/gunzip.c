#include "base/memory.h"
#include "corpus/decoder.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 /* + 16: expect gzip headers */ };

typedef struct gunzip {
    z_stream stream;
    bool initialized;
    bool in_member;
    unsigned char output[DECODER_OUTPUT];
} gunzip;

static void gunzip_close(void *state)
{
    gunzip *gunzip = state;
    if (gunzip->initialized)
        inflateEnd(&gunzip->stream);
    free(gunzip);
}

static bert_status gunzip_open(void **state, int zstd_window_log, bert_error *error)
{
    (void)zstd_window_log;
    gunzip *gunzip;
    TRY(memory_array((void **)&gunzip, 1, sizeof *gunzip, "a decoder of gzip", error));
    gunzip->in_member = true;
    if (inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK) {
        gunzip_close(gunzip);
        return error_set(error, BERT_ERROR_MEMORY, "no memory to decompress gzip");
    }
    gunzip->initialized = true;
    *state = gunzip;
    return BERT_OK;
}

/* Between members: the next one begins, perhaps after zero padding (of tapes). */
static bert_status skip_to_member(gunzip *gunzip, const char *data, size_t size, size_t *taken,
                                  bert_error *error)
{
    while (*taken < size && data[*taken] == '\0')
        ++*taken;
    if (*taken == size)
        return BERT_OK;
    if (data[*taken] != '\x1F')
        return error_set(error, BERT_ERROR_INPUT, "trailing data that is not gzip");
    gunzip->in_member = true;
    inflateReset(&gunzip->stream);
    return BERT_OK;
}

static bert_status gunzip_piece(void *state, const char *data, size_t size, size_t *taken,
                                const void **out, size_t *got, bert_error *error)
{
    gunzip *gunzip = state;
    *taken = *got = 0;
    *out = gunzip->output;
    if (size == 0)
        return gunzip->in_member ? error_set(error, BERT_ERROR_INPUT, "truncated") : BERT_OK;
    if (!gunzip->in_member) {
        TRY(skip_to_member(gunzip, data, size, taken, error));
        if (!gunzip->in_member)
            return BERT_OK;
    }
    z_stream *stream = &gunzip->stream;
    stream->next_in = (z_const Bytef *)data + *taken;
    stream->avail_in = size - *taken > UINT32_MAX ? UINT32_MAX : (uInt)(size - *taken);
    size_t available = stream->avail_in;
    stream->next_out = gunzip->output;
    stream->avail_out = DECODER_OUTPUT;
    int result = inflate(stream, Z_NO_FLUSH);
    *taken += available - stream->avail_in;
    *got = DECODER_OUTPUT - stream->avail_out;
    if (result == Z_STREAM_END)
        gunzip->in_member = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return error_set(error, BERT_ERROR_INPUT, "damaged (%s)",
                         stream->msg ? stream->msg : zError(result));
    return BERT_OK;
}

const decoder_format decoder_gzip = {gunzip_open, gunzip_close, gunzip_piece};
