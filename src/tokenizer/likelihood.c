#include "tokenizer/likelihood.h"

#include "base/memory.h"
#include "tokenizer/progress.h"
#include "tokenizer/token_pairs.h"

#include <stdlib.h>
#include <string.h>

/* A growable array. */
typedef struct list {
    uint32_t *items;
    size_t count, capacity;
} list;

static bert_status list_push(list *l, uint32_t item, bert_error *error)
{
    TRY(memory_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items, "pairs",
                    error));
    l->items[l->count++] = item;
    return BERT_OK;
}

/* A pair as a candidate for merging, by the index of the pair. */
typedef struct candidate {
    double score;           /* 0: excluded */
    uint32_t position;      /* in the heap */
    bool in_left, in_right; /* listed in pairs_of of its left and right token */
    list words;             /* words in which it was formed; some may no longer contain it */
} candidate;

typedef struct learner {
    vocabulary *vocabulary;
    spelled_words *words;
    uint32_t *lengths; /* current number of symbols of each word */
    token_pairs pairs;
    candidate *candidates;
    size_t candidate_count, candidate_capacity;
    uint32_t *heap; /* max-heap of all pairs by score */
    size_t heap_capacity;
    uint64_t *token_counts; /* by id */
    list *pairs_of;         /* by id: pairs that contain the token */
    size_t vocab_size;
    int64_t min_count;
    bert_error *error;
} learner;

/* --------------------------------------------------------------------------------- heap --- */

static bool has_priority(const learner *l, uint32_t a, uint32_t b)
{
    double left = l->candidates[a].score, right = l->candidates[b].score;
    return left != right ? left > right : l->pairs.pairs[a].key < l->pairs.pairs[b].key;
}

static void heap_set(learner *l, size_t position, uint32_t pair)
{
    l->heap[position] = pair;
    l->candidates[pair].position = (uint32_t)position;
}

static void heap_restore(learner *l, uint32_t pair)
{
    size_t at = l->candidates[pair].position, count = l->candidate_count;
    while (at > 0 && has_priority(l, pair, l->heap[(at - 1) / 2])) {
        heap_set(l, at, l->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && has_priority(l, l->heap[child + 1], l->heap[child]))
            child++;
        if (!has_priority(l, l->heap[child], pair))
            break;
        heap_set(l, at, l->heap[child]);
    }
    heap_set(l, at, pair);
}

static void score(learner *l, uint32_t index)
{
    const pair *p = &l->pairs.pairs[index];
    double left = (double)l->token_counts[pair_left(p->key)];
    double right = (double)l->token_counts[pair_right(p->key)];
    double value = p->count >= l->min_count ? (double)p->count / (left * right) : 0;
    if (value == l->candidates[index].score)
        return;
    l->candidates[index].score = value;
    heap_restore(l, index);
}

/* -------------------------------------------------------------------------------- pairs --- */

/* A new pair has score 0, so it is appended to the heap; heap_restore orders it among equals by
 * key. */
static bert_status find_candidate(learner *l, uint64_t key, uint32_t *index)
{
    TRY(token_pairs_find(&l->pairs, key, index, l->error));
    if (*index < l->candidate_count)
        return BERT_OK;
    TRY(memory_grow((void **)&l->candidates, &l->candidate_capacity, l->candidate_count + 1,
                    sizeof *l->candidates, "pairs", l->error));
    TRY(memory_grow((void **)&l->heap, &l->heap_capacity, l->candidate_count + 1, sizeof *l->heap,
                    "pairs", l->error));
    l->candidates[*index] = (candidate){0};
    heap_set(l, l->candidate_count++, *index);
    heap_restore(l, *index);
    return BERT_OK;
}

static bert_status form_pair(learner *l, int32_t left, int32_t right, uint32_t word, int64_t count)
{
    uint32_t index;
    TRY(find_candidate(l, pair_key(left, right), &index));
    candidate *c = &l->candidates[index];
    l->pairs.pairs[index].count += count;
    if (!c->in_left)
        TRY(list_push(&l->pairs_of[left], index, l->error));
    c->in_left = true;
    if (!c->in_right)
        TRY(list_push(&l->pairs_of[right], index, l->error));
    c->in_right = true;
    if (c->words.count == 0 || c->words.items[c->words.count - 1] != word)
        TRY(list_push(&c->words, word, l->error));
    return BERT_OK;
}

static bert_status remove_pair(learner *l, int32_t left, int32_t right, int64_t count)
{
    uint32_t index;
    TRY(find_candidate(l, pair_key(left, right), &index));
    l->pairs.pairs[index].count -= count;
    return BERT_OK;
}

/* Updates the scores of the pairs that contain a token, and removes pairs that no longer occur from
 * its list. */
static void score_token(learner *l, int32_t id)
{
    list *pairs = &l->pairs_of[id];
    size_t kept = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        uint32_t index = pairs->items[i];
        const pair *p = &l->pairs.pairs[index];
        score(l, index);
        if (p->count > 0) {
            pairs->items[kept++] = index;
            continue;
        }
        if (pair_left(p->key) == id)
            l->candidates[index].in_left = false;
        if (pair_right(p->key) == id)
            l->candidates[index].in_right = false;
    }
    pairs->count = kept;
}

/* ------------------------------------------------------------------------------- merging --- */

static bert_status merge_in_word(learner *l, uint32_t word, int32_t first, int32_t second,
                                 int32_t merged)
{
    int32_t *symbols = l->words->symbols + l->words->starts[word];
    int64_t count = (int64_t)l->words->counts[word];
    uint32_t length = l->lengths[word], to = 0;
    for (uint32_t i = 0; i < length;) {
        if (symbols[i] != first || i + 1 == length || symbols[i + 1] != second) {
            symbols[to++] = symbols[i++];
            continue;
        }
        i += 2;
        TRY(remove_pair(l, first, second, count));
        if (to > 0) {
            TRY(remove_pair(l, symbols[to - 1], first, count));
            TRY(form_pair(l, symbols[to - 1], merged, word, count));
        }
        if (i < length) {
            TRY(remove_pair(l, second, symbols[i], count));
            TRY(form_pair(l, merged, symbols[i], word, count));
        }
        symbols[to++] = merged;
        l->token_counts[first] -= (uint64_t)count;
        l->token_counts[second] -= (uint64_t)count;
        l->token_counts[merged] += (uint64_t)count;
    }
    l->lengths[word] = to;
    return BERT_OK;
}

static bert_status merge_pair(learner *l, uint32_t index, int32_t merged)
{
    int32_t first = pair_left(l->pairs.pairs[index].key);
    int32_t second = pair_right(l->pairs.pairs[index].key);
    list words = l->candidates[index]
                     .words; /* taken out first, because form_pair may reallocate the candidates */
    l->candidates[index].words = (list){0};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < words.count && status == BERT_OK; i++)
        status = merge_in_word(l, words.items[i], first, second, merged);
    free(words.items);
    score_token(l, first);
    score_token(l, second);
    score_token(l, merged);
    return status;
}

static bert_status start(learner *l)
{
    spelled_words *words = l->words;
    TRY(memory_array((void **)&l->lengths, words->count, sizeof *l->lengths, "words", l->error));
    TRY(memory_array((void **)&l->token_counts, l->vocab_size, sizeof *l->token_counts, "tokens",
                     l->error));
    TRY(memory_array((void **)&l->pairs_of, l->vocab_size, sizeof *l->pairs_of, "tokens",
                     l->error));
    for (size_t w = 0; w < words->count; w++) {
        const int32_t *symbols = words->symbols + words->starts[w];
        l->lengths[w] = (uint32_t)(words->starts[w + 1] - words->starts[w]);
        for (uint32_t i = 0; i < l->lengths[w]; i++) {
            l->token_counts[symbols[i]] += words->counts[w];
            if (i > 0)
                TRY(form_pair(l, symbols[i - 1], symbols[i], (uint32_t)w,
                              (int64_t)words->counts[w]));
        }
    }
    for (size_t i = 0; i < l->candidate_count; i++)
        score(l, (uint32_t)i);
    return BERT_OK;
}

static bert_status merge_all(learner *l, const bert_observer *observer, bool *stopped)
{
    text scratch = {0};
    bert_status status = BERT_OK;
    for (size_t merges = 0; status == BERT_OK && l->vocabulary->size < l->vocab_size; merges++) {
        if (merges % 256 == 0 &&
            (*stopped = progress_tokens(observer, l->vocabulary->size, l->vocab_size)))
            break;
        if (l->candidate_count == 0 || l->candidates[l->heap[0]].score == 0)
            break;
        uint32_t best = l->heap[0];
        int32_t merged = -1;
        status = token_pairs_merged(l->vocabulary, l->pairs.pairs[best].key, &scratch, &merged,
                                    l->error);
        if (status == BERT_OK)
            status = merge_pair(l, best, merged);
    }
    text_free(&scratch);
    return status;
}

bert_status likelihood_learn(vocabulary *vocabulary, spelled_words *words, size_t vocab_size,
                             uint64_t min_frequency, const bert_observer *observer, bool *stopped,
                             bert_error *error)
{
    learner l = {.vocabulary = vocabulary,
                 .words = words,
                 .vocab_size = vocab_size,
                 .min_count = min_frequency < 1           ? 1
                              : min_frequency > INT64_MAX ? INT64_MAX
                                                          : (int64_t)min_frequency,
                 .error = error};
    bert_status status = start(&l);
    if (status == BERT_OK)
        status = merge_all(&l, observer, stopped);
    for (size_t i = 0; i < l.candidate_count; i++)
        free(l.candidates[i].words.items);
    for (size_t i = 0; l.pairs_of && i < vocab_size; i++)
        free(l.pairs_of[i].items);
    free(l.candidates);
    free(l.heap);
    free(l.token_counts);
    free(l.pairs_of);
    free(l.lengths);
    token_pairs_free(&l.pairs);
    return status;
}
