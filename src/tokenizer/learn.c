#include "tokenizer/learn.h"

#include "base/memory.h"
#include "tokenizer/alphabet.h"
#include "tokenizer/likelihood.h"
#include "tokenizer/progress.h"
#include "tokenizer/token_pairs.h"

#include <stdlib.h>
#include <string.h>

/* Most pairs are in one or two words only: those need no memory of their own. */
enum { FEW_PLACES = 2 };

/* The queue is swept whenever it has grown by this part of what a sweep left, and is not small. */
enum { SWEEP_PART = 8, SWEEP_LEAST = 1 << 16 };

/* Words that hold a pair, waiting in the queue. A pair can wait more than once: the first time with
 * the words it was in, later with those it was formed in by merges. */
typedef struct waiting {
    uint64_t count;
    uint32_t pair; /* its index */
    uint32_t place_count;
    union {
        uint32_t *many; /* words; owned. While they are gathered, and where there are more than */
        uint32_t few[FEW_PLACES];
    } places;
} waiting;

/* An occurrence to be of a pair that the current merge formed. */
typedef struct formed {
    int32_t neighbour;
    uint32_t word;
} formed;

/* The neighbours of the merged pair on one side. The merge takes their pair with the old symbol
 * away and forms one with the new symbol, equally often. */
typedef struct side {
    int64_t *counts;  /* by neighbour */
    uint32_t *places; /* by neighbour: entries in `formed` */
    int32_t *neighbours;
    size_t neighbour_count;
    formed *formed;
    size_t formed_count, formed_capacity;
} side;

typedef struct learner {
    spelled_words words;
    uint32_t *lengths; /* symbols that a word still has */
    token_pairs pairs;
    waiting *heap;
    size_t heap_count, heap_capacity, sweep_at;
    side left, right;
    waiting *fresh; /* formed by the current merge */
    size_t fresh_count, fresh_capacity;
    vocabulary *vocabulary;
    bert_error *error;
} learner;

/* ------------------------------------------------------------------------------- places --- */

/* Of a pair in the queue. */
static const uint32_t *waiting_places(const waiting *w)
{
    return w->place_count > FEW_PLACES ? w->places.many : w->places.few;
}

static void waiting_free(waiting *w)
{
    if (w->place_count > FEW_PLACES)
        free(w->places.many);
}

/* All places are gathered. */
static void waiting_pack(waiting *w)
{
    if (w->place_count > FEW_PLACES)
        return;
    uint32_t *many = w->places.many;
    for (uint32_t i = 0; i < w->place_count; i++)
        w->places.few[i] = many[i];
    free(many);
}

/* -------------------------------------------------------------------------------- queue --- */

static bool goes_before(const learner *l, const waiting *a, const waiting *b)
{
    return a->count != b->count ? a->count > b->count
                                : l->pairs.pairs[a->pair].key < l->pairs.pairs[b->pair].key;
}

static void sift_up(learner *l, size_t at, waiting item)
{
    while (at > 0 && goes_before(l, &item, &l->heap[(at - 1) / 4])) {
        l->heap[at] = l->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    l->heap[at] = item;
}

static bert_status queue_push(learner *l, waiting item)
{
    bert_status status = memory_grow((void **)&l->heap, &l->heap_capacity, l->heap_count + 1,
                                     sizeof *l->heap, "pairs", l->error);
    if (status == BERT_OK)
        sift_up(l, l->heap_count++, item);
    else
        waiting_free(&item);
    return status;
}

static void sift_down(learner *l, size_t at, waiting item)
{
    for (size_t child; (child = 4 * at + 1) < l->heap_count; at = child) {
        size_t end = child + 4 < l->heap_count ? child + 4 : l->heap_count;
        for (size_t other = child + 1; other < end; other++)
            if (goes_before(l, &l->heap[other], &l->heap[child]))
                child = other;
        if (!goes_before(l, &l->heap[child], &item))
            break;
        l->heap[at] = l->heap[child];
    }
    l->heap[at] = item;
}

static waiting queue_pop(learner *l)
{
    waiting top = l->heap[0], last = l->heap[--l->heap_count];
    if (l->heap_count)
        sift_down(l, 0, last);
    return top;
}

/* Forgets the pairs that merges took away everywhere. Their places are of no use: should one be
 * formed again, it waits anew with the places where it was. */
static void sweep_pairs(learner *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->heap_count; i++) {
        if (l->pairs.pairs[l->heap[i].pair].count != 0)
            l->heap[kept++] = l->heap[i];
        else
            waiting_free(&l->heap[i]);
    }
    l->heap_count = kept;
    const uint32_t *index = token_pairs_squeeze(&l->pairs);
    for (size_t i = 0; i < kept; i++)
        l->heap[i].pair = index[l->heap[i].pair];
    token_pairs_squeezed(&l->pairs);
    for (size_t at = kept / 4 + 1; at-- > 0;)
        if (at < kept)
            sift_down(l, at, l->heap[at]);
}

/* Words have fewer symbols after each merge: moves them together. */
static void sweep_words(learner *l)
{
    spelled_words *words = &l->words;
    uint64_t to = 0;
    for (size_t w = 0; w < words->count; w++) {
        memmove(words->symbols + to, words->symbols + words->starts[w],
                l->lengths[w] * sizeof *words->symbols);
        words->starts[w] = to;
        to += l->lengths[w];
    }
    words->starts[words->count] = to;
    int32_t *smaller = realloc(words->symbols, (to ? to : 1) * sizeof *smaller);
    if (smaller)
        words->symbols = smaller;
}

/* Gives back the memory that merges left without use. */
static void sweep(learner *l)
{
    sweep_pairs(l);
    sweep_words(l);
    l->sweep_at = l->heap_count + l->heap_count / SWEEP_PART;
    if (l->sweep_at < SWEEP_LEAST)
        l->sweep_at = SWEEP_LEAST;
    memory_trim(); /* places come in all sizes, ever smaller ones: the heap gets holes */
}

/* --------------------------------------------------------------------------- first counts --- */

/* Calls are one word's in a row: a pair that is in it twice gets it once. */
static bert_status add_place(waiting *all, uint32_t pair, uint32_t word, bool fill)
{
    waiting *w = &all[pair];
    if (!fill) {
        if (w->count != (uint64_t)word + 1)
            w->place_count++;
        w->count = (uint64_t)word + 1; /* the last word seen, until the real count goes here */
    } else if (w->place_count == 0 || w->places.many[w->place_count - 1] != word) {
        w->places.many[w->place_count++] = word;
    }
    return BERT_OK;
}

static bert_status count_pairs(learner *l, waiting **all, size_t *all_capacity)
{
    for (size_t w = 0; w < l->words.count; w++) {
        const int32_t *symbols = l->words.symbols + l->words.starts[w];
        for (uint32_t i = 1; i < l->lengths[w]; i++) {
            uint32_t index;
            size_t known = l->pairs.count;
            TRY(token_pairs_find(&l->pairs, pair_key(symbols[i - 1], symbols[i]), &index,
                                 l->error));
            TRY(memory_grow((void **)all, all_capacity, l->pairs.count, sizeof **all, "pairs",
                            l->error));
            if (l->pairs.count > known)
                (*all)[index] = (waiting){.pair = index};
            l->pairs.pairs[index].count += (int64_t)l->words.counts[w];
            TRY(add_place(*all, index, (uint32_t)w, false));
        }
    }
    return BERT_OK;
}

static bert_status place_pairs(learner *l, waiting *all)
{
    for (size_t i = 0; i < l->pairs.count; i++) {
        TRY(memory_array((void **)&all[i].places.many, all[i].place_count, sizeof(uint32_t),
                         "places of pairs", l->error));
        all[i].place_count = 0;
        all[i].count = (uint64_t)l->pairs.pairs[i].count;
    }
    for (size_t w = 0; w < l->words.count; w++) {
        const int32_t *symbols = l->words.symbols + l->words.starts[w];
        for (uint32_t i = 1; i < l->lengths[w]; i++) {
            uint32_t index;
            TRY(token_pairs_find(&l->pairs, pair_key(symbols[i - 1], symbols[i]), &index,
                                 l->error));
            TRY(add_place(all, index, (uint32_t)w, true));
        }
    }
    return BERT_OK;
}

static bert_status fill_queue(learner *l)
{
    waiting *all = NULL;
    size_t capacity = 0, next = 0;
    bert_status status = count_pairs(l, &all, &capacity);
    if (status == BERT_OK)
        status = place_pairs(l, all);
    else if (all) /* none has places yet */
        next = l->pairs.count;
    for (; status == BERT_OK && next < l->pairs.count; next++) {
        waiting_pack(&all[next]);
        status = queue_push(l, all[next]); /* takes the places over, also when it fails */
    }
    for (; all && next < l->pairs.count; next++)
        free(all[next].places.many);
    free(all);
    return status;
}

/* ------------------------------------------------------------------------------- merging --- */

static bert_status side_allocate(side *s, size_t symbols, bert_error *error)
{
    TRY(memory_array((void **)&s->counts, symbols, sizeof *s->counts, "pairs", error));
    TRY(memory_array((void **)&s->places, symbols, sizeof *s->places, "pairs", error));
    return memory_array((void **)&s->neighbours, symbols, sizeof *s->neighbours, "pairs", error);
}

static void side_free(side *s)
{
    free(s->counts);
    free(s->places);
    free(s->neighbours);
    free(s->formed);
}

static inline bert_status side_note(side *s, int32_t neighbour, uint32_t word, int64_t count,
                                    bert_error *error)
{
    if (s->formed_count == s->formed_capacity)
        TRY(memory_grow((void **)&s->formed, &s->formed_capacity, s->formed_count + 1,
                        sizeof *s->formed, "pairs", error));
    s->formed[s->formed_count++] = (formed){neighbour, word};
    if (s->places[neighbour]++ == 0)
        s->neighbours[s->neighbour_count++] = neighbour;
    s->counts[neighbour] += count;
    return BERT_OK;
}

static bert_status merge_in_word(learner *l, uint32_t word, int32_t first, int32_t second,
                                 int32_t merged)
{
    int32_t *symbols = l->words.symbols + l->words.starts[word];
    int64_t count = (int64_t)l->words.counts[word];
    uint32_t length = l->lengths[word], to = 0;
    for (uint32_t i = 0; i < length;) {
        if (symbols[i] != first || i + 1 == length || symbols[i + 1] != second) {
            symbols[to++] = symbols[i++];
            continue;
        }
        i += 2;
        if (to > 0)
            TRY(side_note(&l->left, symbols[to - 1], word, count, l->error));
        symbols[to++] = merged;
        if (i < length)
            TRY(side_note(&l->right, symbols[i], word, count, l->error));
    }
    l->lengths[word] = to;
    return BERT_OK;
}

/* An entry with room for that many more places. Only the pair of the merged symbol with itself can
 * have one already: it is formed from both sides. */
static bert_status find_fresh(learner *l, uint64_t key, uint32_t places, bool twice,
                              uint32_t *number)
{
    size_t i = twice ? 0 : l->fresh_count;
    while (i < l->fresh_count && l->pairs.pairs[l->fresh[i].pair].key != key)
        i++;
    *number = (uint32_t)i;
    if (i < l->fresh_count) {
        size_t capacity = l->fresh[i].place_count;
        return memory_grow((void **)&l->fresh[i].places.many, &capacity, capacity + places,
                           sizeof(uint32_t), "places of pairs", l->error);
    }
    waiting item = {0};
    TRY(token_pairs_find(&l->pairs, key, &item.pair, l->error));
    TRY(memory_grow((void **)&l->fresh, &l->fresh_capacity, i + 1, sizeof *l->fresh, "pairs",
                    l->error));
    TRY(memory_array((void **)&item.places.many, places, sizeof(uint32_t), "places of pairs",
                     l->error));
    l->fresh[l->fresh_count++] = item;
    return BERT_OK;
}

/* Applies what the merge did to the pairs on one side. */
static bert_status side_finish(learner *l, side *s, int32_t old, int32_t merged)
{
    bool left = s == &l->left;
    for (size_t i = 0; i < s->neighbour_count; i++) {
        int32_t n = s->neighbours[i];
        uint32_t index, number;
        TRY(token_pairs_find(&l->pairs, left ? pair_key(n, old) : pair_key(old, n), &index,
                             l->error));
        l->pairs.pairs[index].count -= s->counts[n];
        uint64_t key = left ? pair_key(n, merged) : pair_key(merged, n);
        TRY(find_fresh(l, key, s->places[n], n == merged, &number));
        l->pairs.pairs[l->fresh[number].pair].count += s->counts[n];
        s->places[n] = number;
        s->counts[n] = 0;
    }
    for (size_t i = 0; i < s->formed_count; i++) {
        waiting *item = &l->fresh[s->places[s->formed[i].neighbour]];
        if (item->place_count == 0 || item->places.many[item->place_count - 1] != s->formed[i].word)
            item->places.many[item->place_count++] = s->formed[i].word;
    }
    for (size_t i = 0; i < s->neighbour_count; i++)
        s->places[s->neighbours[i]] = 0;
    s->neighbour_count = s->formed_count = 0;
    return BERT_OK;
}

static bert_status merge_pair(learner *l, const waiting *top, int32_t merged)
{
    uint64_t key = l->pairs.pairs[top->pair].key;
    int32_t first = pair_left(key), second = pair_right(key);
    const uint32_t *places = waiting_places(top);
    for (uint32_t i = 0; i < top->place_count; i++)
        TRY(merge_in_word(l, places[i], first, second, merged));
    TRY(side_finish(l, &l->left, first, merged));
    TRY(side_finish(l, &l->right, second, merged));
    bert_status status = BERT_OK;
    for (; l->fresh_count && status == BERT_OK; l->fresh_count--) {
        waiting item = l->fresh[l->fresh_count - 1];
        int64_t count = l->pairs.pairs[item.pair].count;
        item.count = (uint64_t)count;
        waiting_pack(&item);
        if (count > 0)
            status = queue_push(l, item); /* takes the places over, also when it fails */
        else
            waiting_free(&item);
    }
    return status;
}

static bert_status merge_all(learner *l, size_t vocab_size, uint64_t min_frequency,
                             const bert_observer *observer, bool *stopped)
{
    text scratch = {0};
    bert_status status = BERT_OK;
    size_t merges = 0;
    l->sweep_at = l->heap_count > SWEEP_LEAST ? l->heap_count : SWEEP_LEAST;
    while (status == BERT_OK && l->vocabulary->size < vocab_size && l->heap_count) {
        waiting top = queue_pop(l);
        uint64_t count = (uint64_t)l->pairs.pairs[top.pair].count;
        if (top.count != count) { /* other merges took some away, or formed more */
            top.count = count;
            status = queue_push(l, top);
            continue;
        }
        int32_t merged = -1;
        bool enough = count >= 1 && count >= min_frequency;
        if (enough)
            status = token_pairs_merged(l->vocabulary, l->pairs.pairs[top.pair].key, &scratch,
                                        &merged, l->error);
        if (enough && status == BERT_OK)
            status = merge_pair(l, &top, merged);
        waiting_free(&top);
        if (!enough)
            break;
        if (l->heap_count > l->sweep_at)
            sweep(l);
        if (merges++ % 256 == 0 &&
            (*stopped = progress_tokens(observer, l->vocabulary->size, vocab_size)))
            break;
    }
    text_free(&scratch);
    return status;
}

/* ------------------------------------------------------------------------------ all of it --- */

static void learner_free(learner *l)
{
    for (size_t i = 0; i < l->heap_count; i++)
        waiting_free(&l->heap[i]);
    for (size_t i = 0; i < l->fresh_count; i++)
        free(l->fresh[i].places.many);
    free(l->heap);
    free(l->fresh);
    token_pairs_free(&l->pairs);
    free(l->lengths);
    side_free(&l->left);
    side_free(&l->right);
    spelled_words_free(&l->words);
}

/* The words are spelled: merges until there are `vocab_size` tokens. */
static bert_status learn(learner *l, size_t vocab_size, uint64_t min_frequency,
                         const bert_observer *observer, bool *stopped)
{
    TRY(memory_array((void **)&l->lengths, l->words.count, sizeof *l->lengths, "words", l->error));
    for (size_t w = 0; w < l->words.count; w++)
        l->lengths[w] = (uint32_t)(l->words.starts[w + 1] - l->words.starts[w]);
    TRY(side_allocate(&l->left, vocab_size, l->error));
    TRY(side_allocate(&l->right, vocab_size, l->error));
    TRY(fill_queue(l));
    return merge_all(l, vocab_size, min_frequency, observer, stopped);
}

bert_status learn_vocabulary(vocabulary *vocabulary, word_counts *counts,
                             const learn_settings *settings, const bert_observer *observer,
                             bool *stopped, bert_error *error)
{
    *stopped = false;
    learner l = {.vocabulary = vocabulary, .error = error};
    bert_status status = alphabet_spell(&l.words, vocabulary, counts, settings, error);
    if (status == BERT_OK && settings->by_likelihood)
        status = likelihood_learn(vocabulary, &l.words, settings->vocab_size,
                                  settings->min_frequency, observer, stopped, error);
    else if (status == BERT_OK)
        status = learn(&l, settings->vocab_size, settings->min_frequency, observer, stopped);
    learner_free(&l);
    return status;
}

bert_status learn_extension(vocabulary *vocabulary, const trie *trie, size_t max_characters,
                            size_t add, uint64_t min_frequency, word_counts *counts,
                            const bert_observer *observer, bool *stopped, bert_error *error)
{
    *stopped = false;
    learner l = {.vocabulary = vocabulary, .error = error};
    bert_status status = trie_spell(&l.words, trie, max_characters, counts, error);
    if (status == BERT_OK)
        status = learn(&l, vocabulary->size + add, min_frequency, observer, stopped);
    learner_free(&l);
    return status;
}
