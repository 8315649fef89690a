/* WordPiece: text to ids and back, and vocabularies learnt from text. Files are those of Hugging
 * Face (docs/tokenizer.md). Part of bert.h. */
#ifndef BERT_TOKENIZER_H
#define BERT_TOKENIZER_H

#include "bert/choices.h"
#include "bert/corpus.h"
#include "bert/status.h"
#include "bert/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_tokenizer bert_tokenizer;

/* Settings that the files do not have, or that override theirs. */
typedef struct bert_tokenizer_options {
    bert_switch lowercase;            /* unset: tokenizer files, else on */
    bert_switch strip_accents;        /* unset: as `lowercase` */
    bert_switch handle_chinese_chars; /* unset: on */
    bert_switch clean_text;           /* unset: on */
    int max_input_chars_per_word;     /* 0: 100. A longer word is [UNK] */
} bert_tokenizer_options;
BERT_API bert_tokenizer_options bert_tokenizer_options_default(void);

/* Opens a vocab.txt, a tokenizer.json, or a folder that holds them (tokenizer.json wins; settings
 * from tokenizer_config.json). `options` may be NULL. */
BERT_API bert_status bert_tokenizer_load(bert_tokenizer **tokenizer, const char *path,
                                         const bert_tokenizer_options *options, bert_error *error);
BERT_API void bert_tokenizer_free(bert_tokenizer *tokenizer);

BERT_API size_t bert_tokenizer_vocab_size(const bert_tokenizer *tokenizer);
/* Token of an id, owned by the tokenizer; NULL where no token has it. A token that contains NUL
 * ends there. */
BERT_API const char *bert_tokenizer_token(const bert_tokenizer *tokenizer, int32_t id);
/* Id of a token, -1 where there is none. */
BERT_API int32_t bert_tokenizer_id(const bert_tokenizer *tokenizer, const char *token);

/* Ids of [PAD], [UNK], [CLS], [SEP] and [MASK], whatever the vocabulary calls them. */
typedef struct bert_special_ids {
    int32_t pad, unk, cls, sep, mask;
} bert_special_ids;
BERT_API bert_special_ids bert_tokenizer_special_ids(const bert_tokenizer *tokenizer);

/* What seems wrong with a tokenizer, a line each, numbered from 0: its vocabulary has capitals but
 * the text is lower-cased, or the reverse; the files give an added token another id than it gets.
 * Cut at `size` bytes; false where there are no more. */
BERT_API bool bert_tokenizer_warning(const bert_tokenizer *tokenizer, size_t number, char *message,
                                     size_t size);

/* The ids of one text, and where in it each came from. Zero-initialise; grows as needed, reuse it;
 * release with bert_encoding_free. */
typedef struct bert_encoding {
    int32_t *ids;      /* [count] */
    uint8_t *type_ids; /* [count] 0: first text and its marks, 1: second text */
    uint32_t *starts;  /* [count] byte offsets into the text that the token came from; */
    uint32_t *ends;    /* [count] 0, 0 for [CLS] and [SEP] */
    size_t count, capacity;
    uint64_t invalid_bytes; /* bytes that were not UTF-8, read as U+FFFD, in the last text */
} bert_encoding;
BERT_API void bert_encoding_free(bert_encoding *encoding);

/* Replaces the content of `encoding` by the ids of `text` (any bytes, at most 4 GiB − 1). With
 * `add_special_tokens`, [CLS] before and [SEP] after it. `max_length` truncates the
 * text so that no more ids come out, special ones included; 0: no limit. Text is cut at its end, or
 * at its beginning where truncation_side of the tokenizer's files is left. */
BERT_API bert_status bert_tokenizer_encode(const bert_tokenizer *tokenizer, const char *text,
                                           size_t length, bool add_special_tokens,
                                           size_t max_length, bert_encoding *encoding,
                                           bert_error *error);

/* The same for two texts: [CLS] first [SEP] second [SEP]. `max_length` cuts the longer text first
 * (Hugging Face's "longest_first"). Offsets are into the text that the type id says. */
BERT_API bert_status bert_tokenizer_encode_pair(const bert_tokenizer *tokenizer, const char *first,
                                                size_t first_length, const char *second,
                                                size_t second_length, bool add_special_tokens,
                                                size_t max_length, bert_encoding *encoding,
                                                bert_error *error);

/* Encodes every line of a block of text on several threads (0: all cores) and calls `line` for
 * each, in order, from the calling thread. A line ends before its LF; the last one may have none.
 * `encoding` is valid during the call; offsets are into the line. A status other than BERT_OK from
 * the callback ends the work and is returned. Memory grows with the number of threads and the
 * longest line, not with the block. */
typedef bert_status bert_line_callback(void *context, const char *text, size_t length,
                                       const bert_encoding *encoding, bert_error *error);
BERT_API bert_status bert_tokenizer_encode_lines(const bert_tokenizer *tokenizer, const char *block,
                                                 size_t length, bool add_special_tokens,
                                                 size_t max_length, int threads,
                                                 bert_line_callback *line, void *context,
                                                 bert_error *error);

/* Replaces the content of `text` by the text of ids: pieces joined, words with a space between two.
 * Ids that no token has are left out; with `skip_special_tokens`, special tokens too. `clean_up`
 * closes the spaces before . ? ! , n't 'm 's 've 're, as tokenizer.json's "cleanup" does. */
BERT_API bert_status bert_tokenizer_decode(const bert_tokenizer *tokenizer, const int32_t *ids,
                                           size_t count, bool skip_special_tokens, bool clean_up,
                                           bert_text *text, bert_error *error);

typedef struct bert_train_tokenizer_params {
    const char *const *inputs; /* paths, as bert_read_documents takes them */
    size_t input_count;
    bert_reader_options reader_options;
    const char *output; /* folder for the tokenizer files; must not exist, or be empty */
    bert_algorithm algorithm;
    size_t vocab_size; /* entries, special tokens included */
    bool lowercase;    /* false: a cased tokenizer */
    bert_switch strip_accents;
    uint64_t min_frequency;       /* pairs seen less often are not merged */
    size_t limit_alphabet;        /* characters at most, the most frequent */
    const char *initial_alphabet; /* NULL; characters that are kept even if never seen */
    uint64_t memory; /* 0: no limit. Bytes that words and their counts may take; where they would
                        take more, the rarest are dropped; a message to the observer says how
                        many */
    int threads;     /* 0: all cores */

    /* Instead of a new vocabulary: the one of this tokenizer, every id kept, with up to `add` new
     * tokens, found in the text, after it. Its settings are used, unless lowercase is false or
     * strip_accents is set; vocab_size, limit_alphabet and initial_alphabet have no effect. */
    const char *extend; /* NULL, or what bert_tokenizer_load takes */
    size_t add;
} bert_train_tokenizer_params;
typedef struct bert_train_tokenizer_result {
    size_t vocab_size; /* may be less than params.vocab_size on a small text */
    uint64_t bytes, words, distinct_words, invalid_bytes;
    /* Because of `memory`: occurrences of words that were dropped, and by how much the count of a
     * word that was kept can be too low. */
    uint64_t dropped_words, count_error;
    /* No sources where nothing was cleaned or weighed: documents are not distinguished then. */
    bert_corpus_counts corpus;
    bool finished; /* false: stopped by the observer, nothing was written */
} bert_train_tokenizer_result;
BERT_API bert_train_tokenizer_params bert_train_tokenizer_params_default(void);
BERT_API bert_status bert_train_tokenizer(const bert_train_tokenizer_params *params,
                                          bert_train_tokenizer_result *result,
                                          const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
