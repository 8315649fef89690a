#include "corpus/gunzip.h"

#include "base/memory.h"

#include <stdlib.h>
#include <zlib.h>

enum { OUTPUT_SIZE = 1 << 18, GZIP_WINDOW = 15 + 16 /* + 16: expect gzip headers */ };

struct gunzip {
    z_stream stream;
    bool initialized;
    bool in_member;
    bool in_padding; /* zeros after the last member, e.g. from tapes */
    unsigned char *output;
};

bert_status gunzip_open(gunzip **out, bert_error *error)
{
    *out = NULL;
    gunzip *gunzip;
    TRY(memory_array((void **)&gunzip, 1, sizeof *gunzip, "an unpacker", error));
    gunzip->in_member = true;
    bert_status status =
        memory_array((void **)&gunzip->output, OUTPUT_SIZE, 1, "an output buffer", error);
    if (status == BERT_OK && inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK)
        status = error_set(error, BERT_ERROR_MEMORY, "no memory to unpack");
    if (status != BERT_OK) {
        gunzip_close(gunzip);
        return status;
    }
    gunzip->initialized = true;
    *out = gunzip;
    return BERT_OK;
}

void gunzip_close(gunzip *gunzip)
{
    if (!gunzip)
        return;
    if (gunzip->initialized)
        inflateEnd(&gunzip->stream);
    free(gunzip->output);
    free(gunzip);
}

/* Between members: either the next one begins, or only zero padding follows. */
static bert_status check_after_member(gunzip *gunzip, const char *data, size_t size, size_t *taken,
                                      bert_error *error)
{
    if (data[0] == '\x1F' && !gunzip->in_padding) {
        gunzip->in_member = true;
        inflateReset(&gunzip->stream);
        return BERT_OK;
    }
    gunzip->in_padding = true;
    while (*taken < size && data[*taken] == '\0')
        ++*taken;
    if (*taken < size)
        return error_set(error, BERT_ERROR_INPUT, "trailing data that is not gzip");
    return BERT_OK;
}

bert_status gunzip_piece(gunzip *gunzip, const char *data, size_t size, size_t *taken,
                         const void **out, size_t *got, bert_error *error)
{
    *taken = *got = 0;
    *out = gunzip->output;
    if (size == 0)
        return gunzip->in_member ? error_set(error, BERT_ERROR_INPUT, "truncated") : BERT_OK;
    if (!gunzip->in_member) {
        TRY(check_after_member(gunzip, data, size, taken, error));
        if (!gunzip->in_member)
            return BERT_OK;
    }
    z_stream *stream = &gunzip->stream;
    stream->next_in = (z_const Bytef *)data;
    stream->avail_in = size > UINT32_MAX ? UINT32_MAX : (uInt)size;
    size_t available = stream->avail_in;
    stream->next_out = gunzip->output;
    stream->avail_out = OUTPUT_SIZE;
    int result = inflate(stream, Z_NO_FLUSH);
    *taken = available - stream->avail_in;
    *got = OUTPUT_SIZE - stream->avail_out;
    if (result == Z_STREAM_END)
        gunzip->in_member = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return error_set(error, BERT_ERROR_INPUT, "damaged (%s)",
                         stream->msg ? stream->msg : zError(result));
    return BERT_OK;
}
