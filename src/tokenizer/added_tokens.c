#include "tokenizer/added_tokens.h"

#include "base/memory.h"
#include "tokenizer/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- adding --- */

static size_t count_model_tokens(const vocabulary *v)
{
    size_t count = 0;
    for (size_t id = 0; id < v->size; id++)
        count += v->tokens[id].present && !v->tokens[id].outside;
    return count;
}

added_numbering added_numbering_begin(vocabulary *v, uint32_t *order)
{
    int64_t next = (int64_t)count_model_tokens(v);
    for (size_t id = v->size; id > (size_t)next; id--)
        if (v->tokens[id - 1].added) {
            next = (int64_t)id;
            break;
        }
    return (added_numbering){.vocabulary = v, .next = next, .order = order};
}

bert_status added_token_add(added_numbering *n, const added_token *token, int32_t *id,
                            bert_error *error)
{
    vocabulary *v = n->vocabulary;
    *id = -1;
    if (token->length == 0)
        return BERT_OK;
    *id = vocabulary_find(v, token->content, token->length);
    if (*id < 0) {
        if ((size_t)n->next < v->size && v->tokens[n->next].present)
            return error_set(error, BERT_ERROR_INPUT,
                             "added token \"%.60s\" gets id %" PRId64 ", the number of tokens, but "
                             "that is \"%.60s\"; the vocabulary's ids have gaps",
                             token->content, n->next, vocabulary_token_text(v, (int32_t)n->next));
        TRY(vocabulary_add(v, n->next, token->content, token->length, error));
        *id = (int32_t)n->next++;
        v->tokens[*id].outside = true;
    }
    vocabulary_token *found = &v->tokens[*id];
    if (!found->added)
        found->order = (*n->order)++;
    found->added = true;
    found->special |= token->special;
    found->normalized = token->normalized;
    found->single_word = token->single_word;
    found->lstrip = token->lstrip;
    found->rstrip = token->rstrip;
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- matchers --- */

/* A token's form, in text, and the token. */
typedef struct form {
    size_t start;
    uint32_t length;
    uint32_t order;
    bool special;
    int32_t id;
    const unsigned char *bytes;
} form;

static int compare_forms(const void *left, const void *right)
{
    const form *a = left, *b = right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, shorter);
    if (order == 0)
        order = (a->length > b->length) - (a->length < b->length);
    if (order == 0)
        order = (int)b->special - (int)a->special;
    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static bool same_bytes(const form *a, const form *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static bert_status collect_forms(form *forms, size_t *count, text *bytes, const vocabulary *v,
                                 const normalizer *normalizer, bool normalized, bert_error *error)
{
    word_reader r = {.normalizer = normalizer, .error = error};
    normalized_text form_text = {0};
    bert_status status = BERT_OK;
    *count = 0;
    for (size_t id = 0; id < v->size && status == BERT_OK; id++) {
        const vocabulary_token *token = &v->tokens[id];
        if (!token->added || token->normalized != normalized)
            continue;
        const char *form_bytes = vocabulary_token_text(v, (int32_t)id);
        size_t length = token->length;
        if (normalized) {
            r.text = (const unsigned char *)form_bytes;
            r.end = length;
            form_text.length = 0;
            TRY_OR_GO(status, word_reader_normalize(&r, 0, &form_text), done);
            form_bytes = (const char *)form_text.bytes;
            length = form_text.length;
        }
        if (length == 0)
            continue;
        forms[(*count)++] = (form){.start = bytes->length,
                                   .length = (uint32_t)length,
                                   .order = token->order,
                                   .special = token->special,
                                   .id = (int32_t)id};
        status = text_append(bytes, form_bytes, length, error);
    }
    for (size_t i = 0; i < *count; i++)
        forms[i].bytes = (const unsigned char *)bytes->data + forms[i].start;
done:
    normalized_text_free(&form_text);
    word_reader_free(&r);
    return status;
}

static bert_status build(added_matcher *m, const vocabulary *v, const normalizer *normalizer,
                         bool normalized, size_t capacity, bert_error *error)
{
    form *forms = NULL;
    trie_key *keys = NULL;
    text bytes = {0};
    size_t count;
    bert_status status;
    m->vocabulary = v;
    m->first = -1;
    TRY_OR_GO(status,
              memory_array((void **)&forms, capacity + 1, sizeof *forms, "added tokens", error),
              done);
    TRY_OR_GO(status,
              memory_array((void **)&keys, capacity + 1, sizeof *keys, "added tokens", error),
              done);
    TRY_OR_GO(status, collect_forms(forms, &count, &bytes, v, normalizer, normalized, error), done);
    qsort(forms, count, sizeof *forms, compare_forms);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && same_bytes(&forms[i - 1], &forms[i]))
            continue;
        unsigned char first = forms[i].bytes[0];
        keys[m->count++] = (trie_key){forms[i].bytes, forms[i].length, forms[i].id, false};
        m->first = m->count == 1 || m->first == first ? first : -1;
        m->start[first] = true;
    }
    status = trie_build(&m->trie, keys, m->count, error);
done:
    text_free(&bytes);
    free(keys);
    free(forms);
    return status;
}

bert_status added_matchers_build(added_matcher *literal, added_matcher *normalized,
                                 const vocabulary *v, const normalizer *normalizer,
                                 bert_error *error)
{
    size_t count = 0;
    for (size_t id = 0; id < v->size; id++)
        count += v->tokens[id].added;
    TRY(build(literal, v, normalizer, false, count, error));
    return build(normalized, v, normalizer, true, count, error);
}

void added_matcher_free(added_matcher *m)
{
    trie_free(&m->trie);
    *m = (added_matcher){0};
}

/* ----------------------------------------------------------------------------- scanning --- */

/* The leftmost token from `position` on, and of those that begin there the longest. */
static bool find(const added_matcher *m, const unsigned char *text, size_t length, size_t position,
                 added_match *match)
{
    for (size_t i = position; i < length; i++) {
        if (m->first >= 0) {
            const unsigned char *next = memchr(text + i, m->first, length - i);
            if (!next)
                return false;
            i = (size_t)(next - text);
        } else if (!m->start[text[i]]) {
            continue;
        }
        uint32_t node = TRIE_ROOT;
        bool found = false;
        for (size_t j = i; j < length; j++) {
            node = trie_child(&m->trie, node, text[j]);
            if (node == TRIE_NONE)
                break;
            int32_t key = trie_key_at(&m->trie, node);
            if (key >= 0) {
                found = true;
                *match = (added_match){i, j + 1, key};
            }
        }
        if (found)
            return true;
    }
    return false;
}

/* The character that ends before `position`; *start is where it begins. */
static uint32_t character_before(const unsigned char *text, size_t position, size_t *start)
{
    uint32_t code;
    bool valid;
    size_t at = position - 1;
    while (at > 0 && position - at < 4 && (text[at] & 0xC0) == 0x80)
        at--;
    if ((size_t)unicode_decode(text + at, position - at, &code, &valid) == position - at) {
        *start = at;
        return code;
    }
    *start = position - 1; /* not UTF-8 */
    return UNICODE_REPLACEMENT;
}

static uint32_t character_at(const unsigned char *text, size_t length, size_t position, size_t *end)
{
    uint32_t code;
    bool valid;
    *end = position + (size_t)unicode_decode(text + position, length - position, &code, &valid);
    return code;
}

static bool is_single_word(const added_scan *s, const added_match *match)
{
    size_t unused;
    return (match->start == 0 ||
            !unicode_in(unicode_word(), character_before(s->text, match->start, &unused))) &&
           (match->end == s->length ||
            !unicode_in(unicode_word(), character_at(s->text, s->length, match->end, &unused)));
}

static void strip_left(const added_scan *s, added_match *match)
{
    size_t before, start = match->start;
    while (start > 0 && unicode_in(unicode_whitespace(), character_before(s->text, start, &before)))
        start = before;
    match->start = start > s->consumed ? start : s->consumed;
}

static void strip_right(const added_scan *s, added_match *match)
{
    size_t after;
    while (match->end < s->length &&
           unicode_in(unicode_whitespace(), character_at(s->text, s->length, match->end, &after)))
        match->end = after;
}

bool added_scan_next(added_scan *s, added_match *match)
{
    if (s->matcher->count == 0)
        return false;
    while (find(s->matcher, s->text, s->length, s->search, match)) {
        const vocabulary_token *token = &s->matcher->vocabulary->tokens[match->id];
        s->search = match->end;
        if (token->single_word && !is_single_word(s, match))
            continue;
        if (token->lstrip)
            strip_left(s, match);
        if (token->rstrip)
            strip_right(s, match);
        if (match->start >= match->end)
            continue; /* all of it is white space that the last one took */
        s->consumed = match->end;
        return true;
    }
    return false;
}
