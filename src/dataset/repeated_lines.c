#include "dataset/repeated_lines.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIRST_CAPACITY = 1 << 12 };

static seen_line *find(seen_line *lines, size_t capacity, uint64_t hash)
{
    size_t at = hash & (capacity - 1);
    while (lines[at].count && lines[at].hash != hash)
        at = (at + 1) & (capacity - 1);
    return &lines[at];
}

/* Moves the lines seen more than `limit` times, and their texts, into a table of another size. */
static bert_status rebuild(repeated_lines *r, size_t capacity, uint64_t limit, bert_error *error)
{
    seen_line *lines;
    text texts = {0};
    size_t count = 0;
    TRY(memory_array((void **)&lines, capacity, sizeof *lines, "lines", error));
    for (size_t i = 0; i < r->capacity; i++) {
        seen_line line = r->lines[i];
        if (line.count <= limit)
            continue;
        if (line.shown && limit) {
            const char *shown = r->texts.data + line.shown - 1;
            line.shown = texts.length + 1;
            bert_status status = text_append(&texts, shown, strlen(shown) + 1, error);
            if (status != BERT_OK) {
                free(lines);
                text_free(&texts);
                return status;
            }
        }
        *find(lines, capacity, line.hash) = line;
        count++;
    }
    free(r->lines);
    r->lines = lines;
    r->capacity = capacity;
    r->count = count;
    if (limit) {
        text_free(&r->texts);
        r->texts = texts;
    }
    return BERT_OK;
}

/* Ensures capacity for one more line and its text. While a table is rebuilt, memory holds both. */
static bert_status make_room(repeated_lines *r, bert_error *error)
{
    if (r->capacity == 0)
        return rebuild(r, FIRST_CAPACITY, 0, error);
    bool full = r->count * 4 >= r->capacity * 3;
    bool texts_full = r->texts.length + LINE_SHOWN_BYTES + 1 > r->memory / 8;
    if (full && r->capacity * 3 * sizeof *r->lines <= r->memory / 4 * 3)
        return rebuild(r, r->capacity * 2, 0, error);
    if (!full && !texts_full)
        return BERT_OK;
    for (uint64_t limit = 1; r->count * 8 >= r->capacity * 3 || r->texts.length > r->memory / 16;
         limit++) {
        TRY(rebuild(r, r->capacity, limit, error));
        r->lost++;
    }
    return BERT_OK;
}

/* Length of the longest prefix of whole characters within `limit` bytes. */
static size_t shown_length(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}

bert_status repeated_lines_add(repeated_lines *r, const char *line, size_t length,
                               bert_error *error)
{
    TRY(make_room(r, error));
    uint64_t hash = XXH3_64bits(line, length);
    seen_line *seen = find(r->lines, r->capacity, hash);
    if (seen->count++ == 0) {
        seen->hash = hash;
        seen->shown = 0;
        r->count++;
        return BERT_OK;
    }
    r->repeated++;
    if (seen->shown)
        return BERT_OK;
    /* One byte more than is shown marks a truncated line. */
    size_t kept = shown_length(line, length, LINE_SHOWN_BYTES);
    size_t start = r->texts.length;
    TRY(text_append(&r->texts, line, kept, error));
    if (kept < length)
        TRY(text_append(&r->texts, "\xFF", 1, error));
    TRY(text_append(&r->texts, "", 1, error));
    seen->shown = start + 1;
    return BERT_OK;
}

bert_status counted_texts_add(bert_counted_texts *list, const char *text, size_t length,
                              size_t limit, uint64_t count, bert_error *error)
{
    size_t kept = shown_length(text, length, limit);
    bert_counted_text *entry = &list->entries[list->count];
    TRY(memory_array((void **)&entry->text, kept + 1, 1, "a text", error));
    memcpy(entry->text, text, kept);
    entry->cut = kept < length;
    entry->count = count;
    list->count++;
    return BERT_OK;
}

typedef struct candidate {
    uint64_t count;
    const char *text;
} candidate;

static int compare_candidates(const void *left, const void *right)
{
    const candidate *a = left, *b = right;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->text, b->text);
}

bert_status repeated_lines_list(const repeated_lines *r, size_t top, bert_counted_texts *list,
                                bert_error *error)
{
    candidate *candidates;
    size_t count = 0;
    for (size_t i = 0; i < r->capacity; i++)
        count += r->lines[i].count > 1;
    TRY(memory_array((void **)&candidates, count, sizeof *candidates, "lines", error));
    count = 0;
    for (size_t i = 0; i < r->capacity; i++)
        if (r->lines[i].count > 1)
            candidates[count++] =
                (candidate){r->lines[i].count, r->texts.data + r->lines[i].shown - 1};
    qsort(candidates, count, sizeof *candidates, compare_candidates);
    if (count > top)
        count = top;
    bert_status status =
        memory_array((void **)&list->entries, count, sizeof *list->entries, "lines", error);
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        size_t length = strlen(candidates[i].text);
        bool cut = length && candidates[i].text[length - 1] == '\xFF';
        status = counted_texts_add(list, candidates[i].text, length - cut, SIZE_MAX,
                                   candidates[i].count, error);
        if (status == BERT_OK)
            list->entries[i].cut = cut;
    }
    free(candidates);
    return status;
}

void repeated_lines_free(repeated_lines *r)
{
    free(r->lines);
    text_free(&r->texts);
    *r = (repeated_lines){0};
}
