#include "corpus/source.h"

#include "base/file.h"
#include "base/memory.h"
#include "corpus/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard_input(const char *input)
{
    return strcmp(input, "-") == 0;
}

static bert_status open_input(int *descriptor, struct stat *information, const char *input,
                              bert_error *error)
{
    *descriptor = is_standard_input(input) ? STDIN_FILENO : open(input, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0 || fstat(*descriptor, information) != 0)
        return error_set_errno(error, errno, "%s: cannot open", input);
    if (S_ISDIR(information->st_mode))
        return error_set(error, BERT_ERROR_IO, "%s: is a directory, expected a file", input);
    return BERT_OK;
}

static void close_input(int descriptor)
{
    if (descriptor > STDIN_FILENO)
        close(descriptor);
}

bert_status source_check(const char *input, uint64_t *size, bool *known, bert_error *error)
{
    int descriptor;
    struct stat information;
    /* Do not open a pipe here: closing it would terminate its writer. */
    if (stat(input, &information) == 0 && S_ISFIFO(information.st_mode)) {
        *known = false;
        *size = 0;
        return access(input, R_OK) == 0 ? BERT_OK
                                        : error_set_errno(error, errno, "%s: cannot open", input);
    }
    bert_status status = open_input(&descriptor, &information, input, error);
    close_input(descriptor);
    if (status != BERT_OK)
        return status;
    *known = S_ISREG(information.st_mode);
    *size = *known ? (uint64_t)information.st_size : 0;
    return BERT_OK;
}

static bert_status start_unpacking(source *source, bert_error *error)
{
    TRY(unpack_open(&source->unpacker, source->name, source->descriptor, source->buffer,
                    source->end, source->zstd_window_log, error));
    source->base_length = strlen(source->name);
    bool found;
    TRY(source_next_member(source, &found, error));
    return BERT_OK;
}

bert_status source_open(source *source, const char *input, int zstd_window_log, bert_error *error)
{
    *source = (struct source){
        .descriptor = -1, .capacity = SOURCE_PIECE, .zstd_window_log = zstd_window_log};
    struct stat information;
    bert_status status;
    TRY_OR_GO(status,
              path_format(&source->name, error, "%s",
                          is_standard_input(input) ? "standard input" : input),
              failed);
    TRY_OR_GO(status,
              memory_array((void **)&source->buffer, source->capacity, 1, "an input buffer", error),
              failed);
    TRY_OR_GO(status, open_input(&source->descriptor, &information, input, error), failed);
    TRY_OR_GO(status, source_fill(source, SOURCE_PIECE, error), failed);
    if (unpack_detect(source->buffer, source->end))
        TRY_OR_GO(status, start_unpacking(source, error), failed);
    return BERT_OK;
failed:
    source_close(source);
    return status;
}

void source_close(source *source)
{
    unpack_close(source->unpacker);
    close_input(source->descriptor);
    free(source->name);
    free(source->buffer);
    *source = (struct source){.descriptor = -1};
}

bert_status source_next_member(source *source, bool *found, bert_error *error)
{
    *found = false;
    if (!source->unpacker)
        return BERT_OK;
    const char *member;
    TRY(unpack_next(source->unpacker, &member, found, error));
    source->begin = source->end = 0;
    source->offset = 0;
    source->finished = !*found;
    if (*found && member) {
        char *name;
        TRY(path_format(&name, error, "%.*s/%s", (int)source->base_length, source->name, member));
        free(source->name);
        source->name = name;
    }
    return BERT_OK;
}

uint64_t source_bytes_read(const source *source)
{
    return source->unpacker ? unpack_bytes_read(source->unpacker) : source->read;
}

static bert_status read_more(source *source, bert_error *error)
{
    char *data = source->buffer + source->end;
    size_t free_size = source->capacity - source->end, got;
    if (source->unpacker) {
        TRY(unpack_read(source->unpacker, data, free_size, &got, error));
    } else {
        ssize_t result;
        do
            result = read(source->descriptor, data, free_size);
        while (result < 0 && errno == EINTR);
        if (result < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %llu", source->name,
                                   (unsigned long long)source->read);
        got = (size_t)result;
        source->read += got;
    }
    source->finished = got == 0;
    source->end += got;
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
        TRY(read_more(source, error));
    return BERT_OK;
}

static void take(source *source, size_t count)
{
    source->begin += count;
    source->offset += count;
}

bert_status source_take(source *source, void *data, size_t size, size_t *got, bert_error *error)
{
    for (*got = 0; *got < size;) {
        TRY(source_fill(source, 1, error));
        size_t available = source->end - source->begin, piece = size - *got;
        if (available == 0)
            break;
        if (piece > available)
            piece = available;
        memcpy((char *)data + *got, source->buffer + source->begin, piece);
        take(source, piece);
        *got += piece;
    }
    return BERT_OK;
}

/* Where to cut `size` bytes without splitting a character: before the first byte of the last one if
 * that may be incomplete. Invalid UTF-8 may be cut anywhere. */
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
        size_t available = source->end - source->begin;
        const char *end =
            available > searched ? memchr(data + searched, '\n', available - searched) : NULL;
        if (!end && !source->finished && available < SOURCE_LINE_MAX) {
            searched = available;
            TRY(source_fill(source, available + 1, error));
            continue;
        }
        *found = available > 0;
        *line = (struct line){.data = data, .length = available, .offset = source->offset};
        if (end) {
            line->length = (size_t)(end - data);
        } else if (available >= SOURCE_LINE_MAX) {
            line->length = cut_at_character(data, SOURCE_LINE_MAX);
            line->continues = true;
        }
        take(source, line->length + (end != NULL));
        if (!line->continues && line->length > 0 && data[line->length - 1] == '\r')
            line->length--;
        return BERT_OK;
    }
}

/* ------------------------------------------------------------------------------ random access
 */

/* Whether the input is an uncompressed regular file whose beginning is in the buffer. */
static bool is_plain_file(const source *source)
{
    struct stat information;
    return !source->unpacker && fstat(source->descriptor, &information) == 0 &&
           S_ISREG(information.st_mode) &&
           lseek(source->descriptor, 0, SEEK_CUR) == (off_t)source->read;
}

static bert_status copy_rest(source *source, FILE *copy, bert_error *error)
{
    do {
        TRY(source_fill(source, 1, error));
        size_t available = source->end - source->begin;
        if (fwrite(source->buffer + source->begin, 1, available, copy) != available)
            return error_set_errno(error, errno, "%s: cannot copy to a temporary file",
                                   source->name);
        take(source, available);
    } while (!source->finished);
    if (fflush(copy) != 0)
        return error_set_errno(error, errno, "%s: cannot copy to a temporary file", source->name);
    return BERT_OK;
}

bert_status source_file(source *source, int *descriptor, bert_error *error)
{
    if (is_plain_file(source)) {
        *descriptor = fcntl(source->descriptor, F_DUPFD_CLOEXEC, 0);
        return *descriptor >= 0 ? BERT_OK
                                : error_set_errno(error, errno, "%s: cannot open", source->name);
    }
    FILE *copy = tmpfile();
    if (!copy)
        return error_set_errno(error, errno, "%s: cannot create a temporary file", source->name);
    bert_status status = copy_rest(source, copy, error);
    if (status == BERT_OK) {
        *descriptor = fcntl(fileno(copy), F_DUPFD_CLOEXEC, 0);
        if (*descriptor < 0)
            status = error_set_errno(error, errno, "%s: cannot open", source->name);
    }
    fclose(copy);
    return status;
}

void source_note_offset(source *source, uint64_t offset)
{
    if (!source->unpacker && offset > source->read)
        source->read = offset;
}
