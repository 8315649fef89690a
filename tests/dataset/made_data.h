/* Synthetic data: a tokenizer of which only the special ids and the size matter, and indexed files
 * whose ids tell their position. */
#ifndef TESTS_DATASET_MADE_DATA_H
#define TESTS_DATASET_MADE_DATA_H

#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"
#include "dataset/dataset.h"

enum { MADE_FIRST_ID = 5 }; /* after [PAD] [UNK] [CLS] [SEP] [MASK] */

static inline bert_tokenizer *made_tokenizer(const char *directory, int vocab_size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vocab.txt", directory);
    text vocabulary = {0};
    assert_ok(text_format(&vocabulary, error, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"));
    for (int id = MADE_FIRST_ID; id < vocab_size; id++)
        assert_ok(text_format(&vocabulary, error, "t%d\n", id));
    assert_ok(file_write(path, vocabulary.data, vocabulary.length, error));
    text_free(&vocabulary);
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    return tokenizer;
}

/* Writes the documents [first, end), where a document has `sentences(document)` sentences of
 * `tokens(document, sentence)` tokens. Ids are consecutive from MADE_FIRST_ID + `written` on and
 * wrap around at vocab_size. Returns the number of tokens. */
static inline uint64_t made_part(const char *prefix, int vocab_size, bert_layout layout, int first,
                                 int end, uint64_t written, int (*sentences)(int),
                                 int (*tokens)(int, int))
{
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, (size_t)vocab_size, error));
    dataset_writer_use_layout(writer, layout);
    int32_t *ids = malloc((size_t)vocab_size * sizeof *ids);
    for (int document = first; document < end; document++) {
        int count = sentences(document);
        for (int sentence = 0; sentence < count; sentence++) {
            int length = tokens(document, sentence);
            for (int i = 0; i < length; i++)
                ids[i] =
                    (int32_t)(MADE_FIRST_ID + written++ % (uint64_t)(vocab_size - MADE_FIRST_ID));
            assert_ok(dataset_writer_sentence(writer, ids, (size_t)length, error));
        }
        assert_ok(dataset_writer_end_document(writer, error));
    }
    free(ids);
    assert_ok(dataset_writer_commit(writer, error));
    return written;
}

static inline uint64_t made_files(const char *prefix, int vocab_size, int documents,
                                  int (*sentences)(int), int (*tokens)(int, int))
{
    return made_part(prefix, vocab_size, BERT_LAYOUT_SENTENCES, 0, documents, 0, sentences, tokens);
}

#endif
