#include "dataset/masking.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static int round_share(int count, double probability)
{
    int share = (int)(count * probability + 0.5);
    return share > 0 ? share : 1;
}

static bert_status allocate(masking *masking, size_t vocab_size, int max_seq_length,
                            bert_error *error)
{
    const struct {
        void **array;
        size_t count, size;
    } arrays[] = {
        {(void **)&masking->is_special, vocab_size, sizeof(bool)},
        {(void **)&masking->is_continuation, vocab_size, sizeof(bool)},
        {(void **)&masking->replacements, vocab_size, sizeof(int32_t)},
        {(void **)&masking->candidates, (size_t)max_seq_length, sizeof(int32_t)},
        {(void **)&masking->word_starts, (size_t)max_seq_length, sizeof(int32_t)},
        {(void **)&masking->word_ends, (size_t)max_seq_length, sizeof(int32_t)},
        {(void **)&masking->kinds, (size_t)max_seq_length, sizeof(int32_t)},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        TRY(memory_array(arrays[i].array, arrays[i].count, arrays[i].size, "the masks of a sample",
                         error));
    return BERT_OK;
}

static bert_status check_vocabulary(const masking *masking, bert_error *error)
{
    if (masking->replacement_count == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "all %d tokens of the vocabulary are special ones",
                         (int)masking->vocab_size);
    return BERT_OK;
}

bert_status masking_create(masking *masking, const bert_tokenizer *tokenizer, bert_mask_unit unit,
                           double probability, int max_seq_length, bert_error *error)
{
    size_t vocab_size = bert_tokenizer_vocab_size(tokenizer);
    *masking = (struct masking){
        .unit = unit,
        .probability = probability,
        .limit = round_share(max_seq_length, probability),
        .mask_id = tokenizer_special(tokenizer).mask,
        .vocab_size = (int32_t)vocab_size,
    };
    bert_status status = allocate(masking, vocab_size, max_seq_length, error);
    for (int32_t id = 0; status == BERT_OK && id < masking->vocab_size; id++) {
        const char *token = bert_tokenizer_token(tokenizer, id);
        masking->is_special[id] = tokenizer_is_special(tokenizer, id);
        masking->is_continuation[id] = token && token[0] == '#' && token[1] == '#' && token[2];
        if (!masking->is_special[id] && token && token[0]) /* a blank line is in no text */
            masking->replacements[masking->replacement_count++] = id;
    }
    if (status == BERT_OK)
        status = check_vocabulary(masking, error);
    if (status != BERT_OK)
        masking_free(masking);
    return status;
}

void masking_free(masking *masking)
{
    free(masking->is_special);
    free(masking->is_continuation);
    free(masking->replacements);
    free(masking->candidates);
    free(masking->word_starts);
    free(masking->word_ends);
    free(masking->kinds);
    *masking = (struct masking){0};
}

/* ------------------------------------------------------------------------------ replacements ---
 */

enum { ACTION_NONE, ACTION_CHOSEN, ACTION_MASK, ACTION_RANDOM, ACTION_KEEP };

static int32_t draw_action(random_stream *stream)
{
    uint64_t choice = random_below(stream, 10);
    return choice < 8 ? ACTION_MASK : choice == 8 ? ACTION_RANDOM : ACTION_KEEP;
}

static int32_t replace(const masking *masking, random_stream *stream, int32_t token, int32_t kind)
{
    if (kind == ACTION_MASK)
        return masking->mask_id;
    if (kind == ACTION_RANDOM)
        return masking->replacements[random_below(stream, masking->replacement_count)];
    return token;
}

/* ----------------------------------------------------------------------------------- choices ---
 */

/* One step of a Fisher-Yates shuffle: swaps a random element of array[position, count) to
 * `position` and returns it. */
static int32_t draw_next(int32_t *array, int position, int count, random_stream *stream)
{
    int other = position + (int)random_below(stream, (uint64_t)(count - position));
    int32_t chosen = array[other];
    array[other] = array[position];
    array[position] = chosen;
    return chosen;
}

static void choose_tokens(masking *masking, random_stream *stream, const int32_t *tokens, int count,
                          int budget)
{
    int candidate_count = 0;
    for (int i = 0; i < count; i++)
        if (!masking->is_special[tokens[i]])
            masking->candidates[candidate_count++] = i;
    for (int i = 0; i < budget; i++)
        masking->kinds[draw_next(masking->candidates, i, candidate_count, stream)] = ACTION_CHOSEN;
}

/* A special token ends a word; a "##" token at the start of a truncated word begins one. Returns
 * the number of words. */
static int find_words(masking *masking, const int32_t *tokens, int count)
{
    int words = 0;
    for (int i = 0; i < count; i++) {
        if (masking->is_special[tokens[i]])
            continue;
        bool goes_on =
            masking->is_continuation[tokens[i]] && words > 0 && masking->word_ends[words - 1] == i;
        if (!goes_on)
            masking->word_starts[words++] = i;
        masking->word_ends[words - 1] = i + 1;
    }
    return words;
}

static void choose_words(masking *masking, random_stream *stream, const int32_t *tokens, int count,
                         int budget)
{
    int words = find_words(masking, tokens, count);
    for (int i = 0; i < words; i++)
        masking->candidates[i] = i;
    for (int i = 0; i < words && budget > 0; i++) {
        int32_t word = draw_next(masking->candidates, i, words, stream);
        int length = masking->word_ends[word] - masking->word_starts[word];
        if (length > budget)
            continue;
        budget -= length;
        for (int32_t position = masking->word_starts[word]; position < masking->word_ends[word];
             position++)
            masking->kinds[position] = ACTION_CHOSEN;
    }
}

int masking_draw_span(random_stream *stream)
{
    static const double beyond = 0.1073741824; /* 0.8^10: the tail that the limit cuts off */
    double draw = random_uniform(stream) * (1 - beyond), mass = 0.2;
    int words = 1;
    for (double sum = mass; draw >= sum && words < MASK_SPAN_WORDS; sum += mass) {
        words++;
        mass *= 0.8;
    }
    return words;
}

/* The end of a span of up to `length` words from `word` on: consecutive words without a special
 * token between them, not yet in a span, and within the budget. */
static int span_end(const masking *masking, int words, int word, int length, int budget)
{
    int end = word, start = masking->word_starts[word];
    while (end < words && end - word < length &&
           masking->kinds[masking->word_starts[end]] == ACTION_NONE &&
           (end == word || masking->word_starts[end] == masking->word_ends[end - 1]) &&
           masking->word_ends[end] - start <= budget)
        end++;
    return end;
}

static void choose_spans(masking *masking, random_stream *stream, const int32_t *tokens, int count,
                         int budget)
{
    int words = find_words(masking, tokens, count);
    /* A start inside a span or on a word longer than the budget is drawn again. This many draws
     * suffice by far for a share of at most half of the words. */
    for (int draws = 16 + 8 * words; draws > 0 && budget > 0; draws--) {
        int length = masking_draw_span(stream);
        int word = (int)random_below(stream, (uint64_t)words);
        int end = span_end(masking, words, word, length, budget);
        if (end == word)
            continue;
        int32_t kind = draw_action(stream);
        for (int32_t i = masking->word_starts[word]; i < masking->word_ends[end - 1]; i++)
            masking->kinds[i] = kind;
        budget -= masking->word_ends[end - 1] - masking->word_starts[word];
    }
}

int masking_apply(masking *masking, random_stream *stream, int32_t *tokens, int count,
                  int32_t offset, int32_t *positions, int32_t *labels)
{
    static void (*const choose[])(struct masking *, random_stream *, const int32_t *, int,
                                  int) = {[BERT_MASK_UNIT_TOKEN] = choose_tokens,
                                          [BERT_MASK_UNIT_WORD] = choose_words,
                                          [BERT_MASK_UNIT_SPAN] = choose_spans};
    int text_tokens = 0;
    for (int i = 0; i < count; i++)
        text_tokens += !masking->is_special[tokens[i]];
    if (text_tokens == 0)
        return 0;
    int budget = round_share(text_tokens, masking->probability);
    if (budget > masking->limit)
        budget = masking->limit;
    memset(masking->kinds, 0, (size_t)count * sizeof *masking->kinds);
    choose[masking->unit](masking, stream, tokens, count, budget);
    int masked = 0;
    for (int i = 0; i < count; i++) {
        if (masking->kinds[i] == ACTION_NONE)
            continue;
        int32_t kind = masking->kinds[i] == ACTION_CHOSEN ? draw_action(stream) : masking->kinds[i];
        positions[masked] = i + offset;
        labels[masked++] = tokens[i];
        tokens[i] = replace(masking, stream, tokens[i], kind);
    }
    return masked;
}
