#include "tokenizer/normalizer.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static bert_status page_new(normalizer *n, character_record **page, bert_error *error)
{
    TRY(memory_grow((void **)&n->owned_pages, &n->owned_capacity, n->owned_count + 1,
                    sizeof *n->owned_pages, "character pages", error));
    TRY(memory_array((void **)page, 256, sizeof **page, "characters", error));
    n->owned_pages[n->owned_count++] = *page;
    return BERT_OK;
}

/* Copy-on-write pages: they start out shared (all SAME, or all of one kind), and the first change
 * of a single character copies its page. `shared` marks the pages that must not be written. */
typedef struct builder {
    normalizer *n;
    bool shared[UNICODE_PAGES];
    character_record *uniform[CHARACTER_RARE + 1];
} builder;

static bert_status set_character(builder *b, uint32_t code, character_record record,
                                 bert_error *error)
{
    uint32_t page = code >> 8;
    if (b->shared[page]) {
        character_record *copy;
        TRY(page_new(b->n, &copy, error));
        memcpy(copy, b->n->pages[page], 256 * sizeof *copy);
        b->n->pages[page] = copy;
        b->shared[page] = false;
    }
    ((character_record *)(uintptr_t)b->n->pages[page])[code & 0xFF] = record;
    return BERT_OK;
}

static bert_status uniform_page(builder *b, character_kind kind, bert_error *error)
{
    if (b->uniform[kind])
        return BERT_OK;
    TRY(page_new(b->n, &b->uniform[kind], error));
    for (int i = 0; i < 256; i++)
        b->uniform[kind][i] = kind;
    return BERT_OK;
}

static bert_status set_ranges(builder *b, unicode_ranges ranges, character_kind kind,
                              bert_error *error)
{
    TRY(uniform_page(b, kind, error));
    for (size_t i = 0; i < ranges.count; i++) {
        for (uint32_t code = ranges.ranges[i].first; code <= ranges.ranges[i].last; code++) {
            if ((code & 0xFF) == 0 && ranges.ranges[i].last - code >= 0xFF) {
                b->n->pages[code >> 8] = b->uniform[kind];
                b->shared[code >> 8] = true;
                code += 0xFF;
            } else {
                TRY(set_character(b, code, kind, error));
            }
        }
    }
    return BERT_OK;
}

/* Computes the record of a single character that is neither whitespace nor removed. */
static bert_status compute_record(normalizer *n, uint32_t code, character_record *record,
                                  bert_error *error)
{
    uint32_t decomposed[4] = {code}, result[16];
    int decomposed_count = n->settings.strip_accents ? unicode_decompose(code, decomposed) : 1;
    int count = 0;
    for (int i = 0; i < decomposed_count; i++) {
        if (n->settings.strip_accents && unicode_in(unicode_marks(), decomposed[i]))
            continue;
        if (n->settings.strip_accents && unicode_combining_class(decomposed[i]) != 0) {
            *record = CHARACTER_RARE;
            return BERT_OK;
        }
        if (n->settings.lowercase)
            count += unicode_lowercase(decomposed[i], result + count);
        else
            result[count++] = decomposed[i];
    }
    bool alone = n->settings.handle_chinese_chars && unicode_in(unicode_chinese(), code);
    for (int i = 0; i < count; i++)
        alone |= unicode_in(unicode_punctuation(), result[i]) ||
                 unicode_in(unicode_whitespace(), result[i]);
    if (count == 0) {
        *record = CHARACTER_DROPPED;
    } else if (count == 1 && result[0] == code) {
        *record = alone ? CHARACTER_ALONE : CHARACTER_SAME;
    } else if ((alone && count > 1) || count > 7) {
        *record =
            CHARACTER_RARE; /* several words in one character: does not occur in current Unicode */
    } else {
        TRY(memory_grow((void **)&n->pool, &n->pool_capacity, n->pool_length + 32, 1,
                        "normalised characters", error));
        size_t start = n->pool_length;
        for (int i = 0; i < count; i++)
            n->pool_length += (size_t)unicode_encode(result[i], n->pool + n->pool_length);
        *record = (alone ? CHARACTER_ALONE_MAPPED : CHARACTER_MAPPED) | (unsigned)count << 3 |
                  (uint32_t)(n->pool_length - start) << 6 | (uint32_t)start << 11;
    }
    return BERT_OK;
}

static bert_status set_computed(builder *b, uint32_t code, bert_error *error)
{
    character_record record;
    TRY(compute_record(b->n, code, &record, error));
    return set_character(b, code, record, error);
}

static bert_status set_computed_mappings(builder *b, const unicode_mapping *mappings, size_t count,
                                         bert_error *error)
{
    for (size_t i = 0; i < count; i++)
        TRY(set_computed(b, mappings[i].code, error));
    return BERT_OK;
}

/* Later settings override earlier ones. */
static bert_status set_all(builder *b, bert_error *error)
{
    const normalizer_settings *settings = &b->n->settings;
    size_t count;
    if (settings->strip_accents)
        TRY(set_ranges(b, unicode_marks(), CHARACTER_DROPPED, error));
    if (settings->handle_chinese_chars)
        TRY(set_ranges(b, unicode_chinese(), CHARACTER_ALONE, error));
    TRY(set_ranges(b, unicode_punctuation(), CHARACTER_ALONE, error));
    if (settings->lowercase) {
        const unicode_mapping *mappings = unicode_lowercase_mappings(&count);
        TRY(set_computed_mappings(b, mappings, count, error));
    }
    if (settings->strip_accents) {
        static const unicode_range hangul = {0xAC00, 0xD7A3};
        TRY(set_ranges(b, (unicode_ranges){&hangul, 1}, CHARACTER_HANGUL, error));
        const unicode_class_range *classes = unicode_combining_classes(&count);
        for (size_t i = 0; i < count; i++)
            for (uint32_t code = classes[i].first; code <= classes[i].last; code++)
                TRY(set_computed(b, code, error));
        const unicode_mapping *mappings = unicode_decompositions(&count);
        TRY(set_computed_mappings(b, mappings, count, error));
    }
    TRY(set_ranges(b, unicode_whitespace(), CHARACTER_SPACE, error));
    if (settings->clean_text)
        TRY(set_ranges(b, unicode_removed(), CHARACTER_DROPPED, error));
    return BERT_OK;
}

bert_status normalizer_build(normalizer *n, normalizer_settings settings, bert_error *error)
{
    n->settings = settings;
    builder b = {.n = n};
    TRY(uniform_page(&b, CHARACTER_SAME, error));
    for (int page = 0; page < UNICODE_PAGES; page++) {
        n->pages[page] = b.uniform[CHARACTER_SAME];
        b.shared[page] = true;
    }
    TRY(set_all(&b, error));
    for (uint32_t code = 0; code < 256; code++) {
        character_record record = code < 128 ? normalizer_record(n, code) : CHARACTER_RARE;
        n->kinds[code] = (unsigned char)character_get_kind(record);
        if (n->kinds[code] == CHARACTER_SAME)
            n->fold[code] = (unsigned char)code; /* NUL stays 0 and is left to the slow path */
        else if (n->kinds[code] == CHARACTER_MAPPED)
            n->fold[code] = n->pool[record >> 11];
    }
    return BERT_OK;
}

void normalizer_free(normalizer *n)
{
    for (size_t i = 0; i < n->owned_count; i++)
        free(n->owned_pages[i]);
    free(n->owned_pages);
    free(n->pool);
    *n = (normalizer){0};
}
