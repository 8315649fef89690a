#include "lines.h"

#include "console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A window ends at either: enough work for many batches, and bounded memory. */
enum { WINDOW_TEXTS = 4096, WINDOW_BYTES = 1 << 22, READ_BYTES = 1 << 16, LINE_LIMIT = 1 << 26 };

static bert_status fail(bert_error *error, bert_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return error->status = status;
}

static bert_status append(lines *lines, bert_input input, bert_error *error)
{
    if (lines->count == lines->capacity) {
        size_t capacity = lines->capacity ? 2 * lines->capacity : 64;
        bert_input *grown = realloc(lines->inputs, capacity * sizeof *grown);
        if (!grown)
            return fail(error, BERT_ERROR_MEMORY, "out of memory for a window of texts");
        lines->inputs = grown;
        lines->capacity = capacity;
    }
    lines->inputs[lines->count++] = input;
    return BERT_OK;
}

static bert_status append_line(lines *lines, const char *text, size_t length, const char *what,
                               bert_error *error)
{
    lines->lines++;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length == 0 && lines->skips_empty)
        return BERT_OK;
    bert_input input = {.text = text, .length = length};
    if (lines->pairs) {
        const char *tab = memchr(text, '\t', length);
        if (!tab)
            return fail(error, BERT_ERROR_INPUT,
                        "%s %llu: has no tab between two texts, as --pairs expects", what,
                        lines->lines);
        input.length = (size_t)(tab - text);
        input.pair = tab + 1;
        input.pair_length = length - input.length - 1;
    }
    return append(lines, input, error);
}

static bert_status take_operands(lines *lines, bert_error *error)
{
    bert_status status = BERT_OK;
    while (status == BERT_OK && lines->next_operand < lines->operand_count &&
           lines->count < WINDOW_TEXTS) {
        const char *text = lines->operands[lines->next_operand++];
        status = append_line(lines, text, strlen(text), "text", error);
    }
    return status;
}

/* --------------------------------------------------------------------------- standard input --- */

static bert_status read_more(lines *lines, bert_error *error)
{
    if (lines->buffer_capacity - lines->end < READ_BYTES) {
        size_t capacity = 2 * lines->buffer_capacity + READ_BYTES;
        char *grown =
            capacity < LINE_LIMIT + WINDOW_BYTES ? realloc(lines->buffer, capacity) : NULL;
        if (!grown)
            return fail(error, BERT_ERROR_INPUT, "line %llu: is longer than a text can be",
                        lines->lines + 1);
        lines->buffer = grown;
        lines->buffer_capacity = capacity;
    }
    ssize_t got;
    do
        got = read(STDIN_FILENO, lines->buffer + lines->end, lines->buffer_capacity - lines->end);
    while (got < 0 && errno == EINTR && !console_signal());
    if (got < 0)
        return fail(error, BERT_ERROR_IO, "standard input: %s", strerror(errno));
    lines->finished = got == 0;
    lines->end += (size_t)got;
    return BERT_OK;
}

/* Reads until the buffer holds whole lines: a full window, or as many as are available now. *size
 * is how far they go. */
static bert_status gather(lines *lines, size_t *size, bert_error *error)
{
    if (lines->begin > 0)
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
    size_t searched = 0, count = 0;
    for (*size = 0;;) {
        char *end;
        while (count < WINDOW_TEXTS && searched < lines->end &&
               (end = memchr(lines->buffer + searched, '\n', lines->end - searched))) {
            *size = searched = (size_t)(end - lines->buffer) + 1;
            count++;
        }
        if (lines->finished) {
            if (count < WINDOW_TEXTS)
                *size = lines->end; /* a last line without its end */
            return BERT_OK;
        }
        if (count == WINDOW_TEXTS || *size >= WINDOW_BYTES ||
            (count > 0 && !console_input_waiting()))
            return BERT_OK;
        searched = lines->end; /* what was looked through has no more line ends */
        bert_status status = read_more(lines, error);
        if (status != BERT_OK)
            return status;
    }
}

static bert_status take_lines(lines *lines, bert_error *error)
{
    size_t size;
    bert_status status = gather(lines, &size, error);
    while (status == BERT_OK && lines->begin < size) {
        const char *line = lines->buffer + lines->begin;
        const char *end = memchr(line, '\n', size - lines->begin);
        size_t length = end ? (size_t)(end - line) : size - lines->begin;
        lines->begin += length + (end != NULL);
        status = append_line(lines, line, length, "line", error);
    }
    return status;
}

/* ----------------------------------------------------------------------------------- tables --- */

/* Somebody may have meant the file. */
static void warn_of_file(const lines *lines)
{
    struct stat information;
    for (size_t i = 0; i < lines->operand_count; i++)
        if (stat(lines->operands[i], &information) == 0 && S_ISREG(information.st_mode)) {
            console_warning(
                "%s: \"%.200s\" is taken as a text, though a file has that name; "
                "--text-column NAME reads tables, and lines come from the standard input",
                lines->command, lines->operands[i]);
            return;
        }
}

bool lines_check(const lines *lines)
{
    if (lines->text_column && lines->pairs)
        console_error("%s: --pairs is for texts; the second texts of a table are named by "
                      "--text-pair-column",
                      lines->command);
    else if (!lines->text_column && lines->text_pair_column)
        console_error("%s: --text-pair-column goes with --text-column", lines->command);
    else {
        if (!lines->text_column)
            warn_of_file(lines);
        return true;
    }
    return false;
}

static bert_status grow(void **array, size_t *capacity, size_t wanted, size_t size,
                        bert_error *error)
{
    if (wanted <= *capacity)
        return BERT_OK;
    size_t larger = 2 * wanted;
    void *grown = realloc(*array, larger * size);
    if (!grown)
        return fail(error, BERT_ERROR_MEMORY, "out of memory for a window of texts");
    *array = grown;
    *capacity = larger;
    return BERT_OK;
}

static bert_status open_table(lines *lines, bert_error *error)
{
    const char *columns[] = {lines->text_column, lines->text_pair_column};
    const char *path = lines->operand_count > 0 ? lines->operands[lines->next_operand] : "-";
    lines->next_operand++;
    return bert_table_open(&lines->table, path, columns, lines->text_pair_column ? 2 : 1,
                           lines->text_pair_column
                               ? "Name the columns by --text-column and --text-pair-column"
                               : "Name the column by --text-column",
                           error);
}

static void close_table(lines *lines)
{
    if (lines->table)
        lines->invalid_bytes += bert_table_invalid_bytes(lines->table);
    bert_table_close(lines->table);
    lines->table = NULL;
}

/* The position of the row that was read last; a file's name is kept once for all of its rows. */
static bert_status keep_place(lines *lines, bert_error *error)
{
    bert_table_position at = bert_table_last_position(lines->table);
    size_t length = strlen(at.name) + 1;
    const text_source *before = lines->count > 0 ? &lines->sources[lines->count - 1] : NULL;
    bool same = before && strcmp(lines->names + before->name, at.name) == 0;
    bert_status status = grow((void **)&lines->sources, &lines->source_capacity, lines->count + 1,
                              sizeof *lines->sources, error);
    if (status == BERT_OK && !same)
        status = grow((void **)&lines->names, &lines->names_capacity, lines->names_length + length,
                      1, error);
    if (status != BERT_OK)
        return status;
    lines->sources[lines->count] =
        (text_source){.name = same ? lines->sources[lines->count - 1].name : lines->names_length,
                      .number = at.number,
                      .is_line = at.is_line};
    if (same)
        return BERT_OK;
    memcpy(lines->names + lines->names_length, at.name, length);
    lines->names_length += length;
    return BERT_OK;
}

/* The cells move when the buffer grows: until the window is full, only their lengths count. */
static bert_status keep_row(lines *lines, const bert_cell cells[2], bert_error *error)
{
    bert_input input = {.length = cells[0].length, .pair_length = cells[1].length};
    size_t end = lines->end + input.length + input.pair_length;
    bert_status status = grow((void **)&lines->buffer, &lines->buffer_capacity, end + 1, 1, error);
    if (status == BERT_OK)
        status = keep_place(lines, error);
    if (status != BERT_OK)
        return status;
    memcpy(lines->buffer + lines->end, cells[0].data, input.length);
    memcpy(lines->buffer + lines->end + input.length, cells[1].data, input.pair_length);
    lines->end = end;
    return append(lines, input, error);
}

static void point_to_cells(lines *lines)
{
    const char *at = lines->buffer;
    for (size_t i = 0; i < lines->count; i++) {
        bert_input *input = &lines->inputs[i];
        input->text = at;
        input->pair = lines->text_pair_column ? at + input->length : NULL;
        at += input->length + input->pair_length;
    }
}

static bert_status take_rows(lines *lines, bert_error *error)
{
    size_t files = lines->operand_count > 0 ? lines->operand_count : 1;
    bert_status status = BERT_OK;
    lines->end = lines->names_length = 0;
    while (status == BERT_OK && lines->count < WINDOW_TEXTS && lines->end < WINDOW_BYTES) {
        if (!lines->table && lines->next_operand == files)
            break;
        bert_cell cells[2] = {{.data = ""}, {.data = ""}};
        bool found = false;
        if (!lines->table)
            status = open_table(lines, error);
        if (status == BERT_OK)
            status = bert_table_next(lines->table, cells, &found, error);
        if (status == BERT_OK && found)
            status = keep_row(lines, cells, error);
        else
            close_table(lines);
    }
    point_to_cells(lines);
    return status;
}

/* "text 5003: …" becomes "FILE:12: …". Other messages are kept. */
static void name_row(const lines *lines, size_t row, bert_error *error)
{
    const text_source *source = &lines->sources[row];
    const char *rest =
        strncmp(error->message, "text ", 5) == 0 ? strstr(error->message, ": ") : NULL;
    if (!rest)
        return;
    char message[2 * sizeof error->message];
    snprintf(message, sizeof message, "%.1000s%s%llu%s", lines->names + source->name,
             source->is_line ? ":" : ": row ", (unsigned long long)source->number, rest);
    snprintf(error->message, sizeof error->message, "%.*s", (int)sizeof error->message - 1,
             message);
}

/* -------------------------------------------------------------------------------------- all --- */

bert_status lines_next(lines *lines, bert_error *error)
{
    lines->count = 0;
    if (lines->text_column)
        return take_rows(lines, error);
    if (lines->operand_count > 0)
        return take_operands(lines, error);
    bert_status status = BERT_OK;
    while (status == BERT_OK && lines->count == 0 &&
           !(lines->finished && lines->begin == lines->end))
        status = take_lines(lines, error);
    return status;
}

bert_status lines_each(lines *lines, lines_window *window, void *context,
                       bert_inference_stats *usage, bert_error *error)
{
    bert_status status = BERT_OK;
    while (status == BERT_OK && console_output_alive()) {
        status = lines_next(lines, error);
        if (status != BERT_OK || lines->count == 0)
            break;
        uint64_t before = usage->texts;
        status = window(context, lines, usage, error);
        if (status == BERT_ERROR_INPUT && lines->text_column &&
            usage->texts - before < lines->count)
            name_row(lines, (size_t)(usage->texts - before), error);
    }
    return status;
}

void lines_free(lines *lines)
{
    close_table(lines);
    free(lines->inputs);
    free(lines->buffer);
    free(lines->sources);
    free(lines->names);
}

/* ------------------------------------------------------------------------------- throughput --- */

void lines_report(const lines *lines, const bert_inference_stats *usage, double seconds)
{
    char texts[32], tokens[32], texts_rate[32], tokens_rate[32], cut[80] = "", cut_count[32];
    console_warn_invalid(lines->invalid_bytes + usage->invalid_bytes);
    if (lines->operand_count > 0 && !lines->text_column) { /* few texts: the speed says nothing */
        if (usage->truncated > 0)
            console_note("%s of %s text%s too long and cut",
                         console_count(cut_count, usage->truncated),
                         console_count(texts, usage->texts), usage->texts == 1 ? "" : "s");
        return;
    }
    if (seconds <= 0)
        seconds = 1e-9;
    if (usage->truncated > 0)
        snprintf(cut, sizeof cut, "; %s too long for the model and cut",
                 console_count(cut_count, usage->truncated));
    console_note("%s text%s, %s tokens in %.1f s: %s texts/s, %s tokens/s%s",
                 console_count(texts, usage->texts), usage->texts == 1 ? "" : "s",
                 console_count(tokens, usage->tokens), seconds,
                 console_count(texts_rate, (uint64_t)((double)usage->texts / seconds)),
                 console_count(tokens_rate, (uint64_t)((double)usage->tokens / seconds)), cut);
}
