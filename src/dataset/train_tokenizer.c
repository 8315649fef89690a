/* bert_train_tokenizer: trains on the words of any supported corpus. */
#include "tokenizer/train.h"

#include "corpus/corpus.h"

/* Reading in pieces of this size bounds the memory: training a tokenizer does not need document
 * boundaries, unless cleaning or weights select documents. */
enum { PIECE_BYTES = 1 << 17 };

typedef struct corpus_text {
    corpus corpus;
    bool in_pieces;
    document document;
    text_stream stream;
} corpus_text;

bert_train_tokenizer_params bert_train_tokenizer_params_default(void)
{
    return (bert_train_tokenizer_params){
        .reader_options = bert_reader_options_default(),
        .algorithm = BERT_ALGORITHM_FREQUENCY,
        .vocab_size = 30522,
        .lowercase = true,
        .strip_accents = BERT_UNSET,
        .min_frequency = 2,
        .limit_alphabet = 1000,
    };
}

static bert_status next_document(void *context, text_piece *piece, bert_error *error)
{
    corpus_text *text = context;
    corpus *corpus = &text->corpus;
    bool found;
    *piece = (text_piece){0};
    TRY(corpus_next(corpus, &text->document, &found, error));
    text->stream.bytes = corpus_bytes_read(corpus);
    if (!found)
        return BERT_OK;
    text->stream.name = corpus->documents.reader.source.name;
    *piece = (text_piece){text->document.data, text->document.length,
                          text->in_pieces && corpus->documents.reader.in_line};
    return BERT_OK;
}

bert_status bert_train_tokenizer(const bert_train_tokenizer_params *params,
                                 bert_train_tokenizer_result *result, const bert_observer *observer,
                                 bert_error *error)
{
    corpus_text text = {0};
    bert_train_tokenizer_result counted = {0};
    bert_status status;
    TRY_OR_GO(status,
              corpus_open(&text.corpus, params->inputs, params->input_count,
                          &params->reader_options, error),
              done);
    text.in_pieces = corpus_is_plain(&text.corpus);
    if (text.in_pieces)
        text.corpus.documents.document_limit = PIECE_BYTES;
    text.stream = (text_stream){
        .next = next_document, .context = &text, .total_bytes = text.corpus.total_bytes};
    TRY_OR_GO(status, tokenizer_train(params, &text.stream, &counted, observer, error), done);
    counted.invalid_bytes = corpus_invalid_bytes(&text.corpus);
    if (!text.in_pieces)
        corpus_count(&text.corpus, &counted.corpus);
    if (counted.finished)
        corpus_warn(&text.corpus, observer);
done:
    if (result)
        *result = counted;
    text_free(&text.document);
    corpus_close(&text.corpus);
    return status;
}
