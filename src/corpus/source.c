#include "corpus/source.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bert_status source_open(source *source, const char *input, bert_error *error)
{
    bool standard_input = strcmp(input, "-") == 0;
    *source = (struct source){.descriptor = -1};
    bert_status status;
    TRY_OR_GO(status,
              path_format(&source->name, error, "%s", standard_input ? "standard input" : input),
              failed);
    source->capacity = SOURCE_PIECE;
    TRY_OR_GO(status,
              memory_array((void **)&source->buffer, source->capacity, 1, "an input buffer", error),
              failed);
    if (!standard_input && path_is_directory(input)) {
        status = error_set(error, BERT_ERROR_IO, "%s: is a directory, expected a file", input);
        goto failed;
    }
    source->descriptor = standard_input ? STDIN_FILENO : open(input, O_RDONLY | O_CLOEXEC);
    if (source->descriptor >= 0)
        return BERT_OK;
    status = error_set_errno(error, errno, "%s: cannot open", input);
failed:
    source_close(source);
    return status;
}

void source_close(source *source)
{
    if (source->descriptor > STDIN_FILENO)
        close(source->descriptor);
    free(source->name);
    free(source->buffer);
    *source = (struct source){.descriptor = -1};
}

static bert_status read_piece(source *source, bert_error *error)
{
    ssize_t got;
    do
        got =
            read(source->descriptor, source->buffer + source->end, source->capacity - source->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(
            error, errno, "%s: cannot read at byte %llu", source->name,
            (unsigned long long)(source->offset + (source->end - source->begin)));
    source->finished = got == 0;
    source->end += (size_t)got;
    return BERT_OK;
}

bert_status source_fill(source *source, size_t wanted, bert_error *error)
{
    if (source->end - source->begin >= wanted || source->finished)
        return BERT_OK;
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    TRY(memory_grow((void **)&source->buffer, &source->capacity, wanted + SOURCE_PIECE, 1,
                    "an input buffer", error));
    while (source->end < wanted && !source->finished)
        TRY(read_piece(source, error));
    return BERT_OK;
}

static void take(source *source, size_t count)
{
    source->begin += count;
    source->offset += count;
}

/* Where to cut `size` bytes so that no character is parted: before its first byte, if the last one
 * may be unfinished. Bytes that are no UTF-8 at all may be cut anywhere. */
static size_t cut_at_character(const char *data, size_t size)
{
    for (size_t back = 1; back <= 4 && back < size; back++) {
        unsigned char byte = (unsigned char)data[size - back];
        if (byte < 0x80)
            return size;
        if (byte >= 0xC0)
            return size - back;
    }
    return size;
}

bert_status source_line(source *source, line *line, bool *found, bert_error *error)
{
    size_t searched = 0;
    for (;;) {
        const char *data = source->buffer + source->begin;
        size_t waiting = source->end - source->begin;
        const char *end =
            waiting > searched ? memchr(data + searched, '\n', waiting - searched) : NULL;
        if (!end && !source->finished && waiting < SOURCE_LINE_MAX) {
            searched = waiting;
            TRY(source_fill(source, waiting + 1, error));
            continue;
        }
        *found = waiting > 0;
        *line = (struct line){.data = data, .length = waiting, .offset = source->offset};
        if (end) {
            line->length = (size_t)(end - data);
        } else if (waiting >= SOURCE_LINE_MAX) {
            line->length = cut_at_character(data, SOURCE_LINE_MAX);
            line->continues = true;
        }
        take(source, line->length + (end != NULL));
        if (!line->continues && line->length > 0 && data[line->length - 1] == '\r')
            line->length--;
        return BERT_OK;
    }
}
