#include "dataset/data_warnings.h"

#include "base/observer.h"
#include "dataset/coverage.h"
#include "dataset/data_counts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* From where on there is a warning, and what texts have whose sentences and documents are right.
 * Measured with bert-base-uncased's vocabulary on WikiText's validation split, a dump of Wikipedia,
 * the King James Bible by chapters and 100 novels by file: "prose" below. */
static const struct {
    /* Tokens in sentences that are longer than a sequence and than LONG tokens, of all. Prose: at
     * most 5 % beyond 128 tokens, 0.1 % beyond 512. Text whose sentences were not found has nearly
     * all. */
    double long_sentences, very_long_sentences;
    /* The same, for samples that lose nothing by it. */
    double cut_sentences;
    /* Labels "random", of all. The algorithm gives a half, and more where a document's last
     * sentence is left alone. Prose: 50 to 55 % from 128 tokens on, at most 60 % with 64; novels
     * taken for documents of a paragraph each 66 %; documents of a sentence each 100 %. Two
     * standard deviations of that many draws come on top. */
    double random_labels;
    /* Documents of one sentence, of all, from which they are the reason; so are documents that are
     * shorter than a sequence. Prose: none; novels taken for documents of a paragraph each 34 %. */
    double one_sentence_documents;
    /* Tokens that an epoch of sentence pairs has to miss for it: few where such documents have a
     * small weight. */
    double unseen_by_sentence_pairs;
    /* Tokens that an epoch does not see, of all. Pairs lose what is beyond the length at one end or
     * the other, differently in each epoch. Prose: 3 % with 512 tokens, 11 to 15 % with 128, 21 to
     * 30 % with 64. */
    double unseen;
    /* Predictions in the validation split. A token's loss varies by about 3 nats between tokens, so
     * that the mean of 200 is known to 0.2. */
    double predictions;
} least = {
    .long_sentences = 0.25,
    .very_long_sentences = 0.05,
    .cut_sentences = 0.5,
    .random_labels = 0.625,
    .one_sentence_documents = 0.2,
    .unseen_by_sentence_pairs = 0.05,
    .unseen = 1.0 / 3,
    .predictions = 200,
};

enum {
    LONG = 128,
    VERY_LONG = 512,
    SAMPLES_MAX = 1 << 16, /* drawn: shares are known to half a per cent */
    USUAL_SEQ_LENGTH = 128 /* bert_pretrain's default */
};

/* What of the training split the warnings are about. */
typedef struct figures {
    bert_split_report counts;
    sample_coverage coverage;
    uint64_t limit;               /* tokens of text in a sample */
    uint64_t long_sentence;       /* tokens in the longest one that is not too long */
    double beyond, far_beyond;    /* share of tokens in sentences of more than that, VERY_LONG */
    double one_sentence, unseen;  /* shares of documents and tokens */
    double random, random_surely; /* share of labels, and less two standard deviations */
    double mean_sentence, mean_document; /* tokens */
    double mean_sentences;               /* of a document */
} figures;

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static bert_status take_figures(figures *figures, const data_use *use, bert_error *error)
{
    const dataset *data = use->train;
    *figures = (struct figures){.limit = (uint64_t)use->sampling.token_limit};
    bert_split_report *counts = &figures->counts;
    TRY(data_counts_take(counts, data, use->threads, error));
    TRY(coverage_measure(&figures->coverage, data, &use->sampling, use->epoch, SAMPLES_MAX,
                         use->threads, error));
    figures->long_sentence = figures->limit > LONG ? figures->limit : LONG;
    uint64_t very_long = figures->limit > VERY_LONG ? figures->limit : VERY_LONG;
    figures->beyond = share(data_counts_tokens_beyond(data, figures->long_sentence, use->threads),
                            data->token_count);
    figures->far_beyond =
        share(data_counts_tokens_beyond(data, very_long, use->threads), data->token_count);
    uint64_t documents = counts->documents - counts->empty_documents;
    figures->one_sentence = share(counts->one_sentence_documents, documents);
    figures->mean_sentence = share(counts->tokens, counts->sentences);
    figures->mean_document = share(counts->tokens, documents);
    figures->mean_sentences = share(counts->sentences, documents);
    figures->unseen = 1 - coverage_seen(&figures->coverage);
    figures->random = coverage_random(&figures->coverage);
    /* n draws of a half have a standard deviation of 1/(2 √n). */
    figures->random_surely = figures->random - 1 / sqrt(1 + (double)figures->coverage.samples);
    return BERT_OK;
}

/* Per cent with a digit after the point where it is small: precision and value of "%.*f". */
#define SHOWN(share) (share) < 0.01 ? 1 : 0, percent(share)

static double percent(double share)
{
    return 100 * share;
}

/* Of pairs: sentences that were not found, which also make labels "random". */
static bool warn_of_long_sentences(const data_use *use, const figures *figures,
                                   const bert_observer *observer)
{
    if (figures->beyond < least.long_sentences && figures->far_beyond < least.very_long_sentences)
        return false;
    observer_message(
        observer, BERT_MESSAGE_WARNING,
        "%s: %.0f %% of the tokens are in sentences of more than %" PRIu64 " tokens (mean %.0f, "
        "longest %" PRIu64 "): as pairs of %d tokens, an epoch sees %.*f %% of the text, and "
        "%.0f %% of its next-sentence labels are \"random\"; if the sentences end elsewhere, "
        "prepare with options->sentence_separator = line or another params->language, else train "
        "with longer sequences or params->next_sentence_prediction = false",
        use->name, percent(figures->beyond), figures->long_sentence, figures->mean_sentence,
        figures->counts.longest_sentence, use->max_seq_length, SHOWN(1 - figures->unseen),
        percent(figures->random));
    return true;
}

static bool warn_of_short_documents(const data_use *use, const figures *figures,
                                    const bert_observer *observer)
{
    bool of_sentences = use->sampling.scheme == &scheme_sentence_pairs;
    bool has_effect = of_sentences ? figures->unseen >= least.unseen_by_sentence_pairs
                                   : figures->random_surely >= least.random_labels;
    bool has_single = figures->one_sentence >= least.one_sentence_documents;
    bool has_short = !of_sentences && figures->mean_document <= (double)figures->limit;
    if (!has_effect || !(has_single || has_short))
        return false;
    char cause[80];
    if (has_single)
        snprintf(cause, sizeof cause, "%.0f %% of the documents have one sentence",
                 percent(figures->one_sentence));
    else
        snprintf(cause, sizeof cause, "documents have %.1f sentences on average",
                 figures->mean_sentences);
    char effect[160];
    if (of_sentences)
        snprintf(effect, sizeof effect,
                 "params->pairs = sentence takes them for random second parts only, and an epoch "
                 "sees %.*f %% of the text otherwise",
                 SHOWN(1 - figures->unseen));
    else
        snprintf(effect, sizeof effect,
                 "%.0f %% of the next-sentence labels are \"random\", where half is usual",
                 percent(figures->random));
    observer_message(observer, BERT_MESSAGE_WARNING,
                     "%s: %s: %s; prepare with the borders "
                     "that the text has (options->document_separator = file, "
                     "options->document_column, options->sentence_separator = line), or train "
                     "with params->next_sentence_prediction = false",
                     use->name, cause, effect);
    return true;
}

static bool warn_of_short_sequences(const data_use *use, const figures *figures,
                                    const bert_observer *observer)
{
    if (figures->random_surely < least.random_labels && figures->unseen < least.unseen)
        return false;
    observer_message(observer, BERT_MESSAGE_WARNING,
                     "%s: sentences have %.0f tokens on average, and pairs of them are truncated "
                     "to %d: an epoch sees %.*f %% of the text, and %.0f %% of its next-sentence "
                     "labels are \"random\"; train with longer sequences or "
                     "params->next_sentence_prediction = false",
                     use->name, figures->mean_sentence, use->max_seq_length,
                     SHOWN(1 - figures->unseen), percent(figures->random));
    return true;
}

/* One line at most: each of them has the others' figures as an effect. */
static void warn_of_pairs(const data_use *use, const figures *figures,
                          const bert_observer *observer)
{
    if (!warn_of_long_sentences(use, figures, observer) &&
        !warn_of_short_documents(use, figures, observer))
        warn_of_short_sequences(use, figures, observer);
}

static void warn_of_sequences(const data_use *use, const figures *figures,
                              const bert_observer *observer)
{
    const sample_scheme *scheme = use->sampling.scheme;
    if (scheme == &scheme_sentences && figures->beyond >= least.cut_sentences)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %.0f %% of the tokens are in sentences of more than %" PRIu64
                         " tokens (mean %.0f, longest %" PRIu64 "), which sequences of %d tokens "
                         "cut anywhere; if the sentences end elsewhere, prepare with "
                         "options->sentence_separator = line or another params->language",
                         use->name, percent(figures->beyond), figures->long_sentence,
                         figures->mean_sentence, figures->counts.longest_sentence,
                         use->max_seq_length);
    if (scheme == &scheme_documents && figures->unseen >= least.unseen)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: an epoch sees %.*f %% of the text: params->sequences = documents "
                         "takes the first %" PRIu64 " tokens of each document (mean %.0f); "
                         "params->sequences = sentences, chunks or stream takes all",
                         use->name, SHOWN(1 - figures->unseen), figures->limit,
                         figures->mean_document);
}

static void warn_of_rows(const data_use *use, const figures *figures, const bert_observer *observer)
{
    if (figures->unseen >= least.unseen)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: an epoch sees %.*f %% of the text, as rows are truncated to %d "
                         "tokens (mean %.0f); train with longer sequences",
                         use->name, SHOWN(1 - figures->unseen), use->max_seq_length,
                         figures->mean_document);
}

static bert_status warn_of_validation(const data_use *use, const bert_observer *observer,
                                      bert_error *error)
{
    sample_coverage coverage;
    if (!use->validation)
        return BERT_OK;
    TRY(coverage_measure(&coverage, use->validation, &use->validation_sampling, 0, SAMPLES_MAX,
                         use->threads, error));
    double predictions = use->mlm_probability * (double)coverage.seen;
    if (predictions < least.predictions && !coverage.is_estimate)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: the validation split has %" PRIu64 " document%s with %" PRIu64
                         " tokens, about %.0f of them to predict: too few to tell by the loss "
                         "which model is better; %s",
                         use->name, use->validation->document_count,
                         use->validation->document_count == 1 ? "" : "s",
                         use->validation->token_count, predictions,
                         use->validation->is_pretokenized
                             ? "name a larger set of rows as params->eval_data"
                             : "prepare with a larger params->validation_fraction, or more text");
    return BERT_OK;
}

bert_status data_warn(const data_use *use, const bert_observer *observer, bert_error *error)
{
    figures figures;
    TRY(take_figures(&figures, use, error));
    if (use->train->is_pretokenized)
        warn_of_rows(use, &figures, observer);
    else if (use->sampling.scheme->has_pairs)
        warn_of_pairs(use, &figures, observer);
    else
        warn_of_sequences(use, &figures, observer);
    return warn_of_validation(use, observer, error);
}

/* One document makes no pairs. */
static sample_settings usual_sampling(const dataset *data, uint64_t seed)
{
    const sample_scheme *scheme =
        dataset_filled_documents(data, 2) > 1 ? &scheme_segment_pairs : &scheme_sentences;
    return (sample_settings){
        .scheme = scheme,
        .token_limit = scheme_token_limit(scheme, USUAL_SEQ_LENGTH),
        .short_seq_probability = 0.1,
        .seed = seed,
    };
}

static bert_status open_checked(dataset *data, const char *prefix, bert_error *error)
{
    TRY(dataset_open(data, prefix, error));
    return dataset_check(data, error);
}

bert_status data_warn_prepared(const char *prefix, bool has_validation, uint64_t seed, int threads,
                               const bert_observer *observer, bert_error *error)
{
    dataset train = {0}, validation = {0};
    char *validation_prefix = NULL;
    bert_status status;
    TRY_OR_GO(status, open_checked(&train, prefix, error), done);
    TRY_OR_GO(status, dataset_validation_prefix(&validation_prefix, prefix, error), done);
    if (has_validation)
        TRY_OR_GO(status, open_checked(&validation, validation_prefix, error), done);
    const data_use use = {
        .name = prefix,
        .train = &train,
        .validation = has_validation ? &validation : NULL,
        .sampling = usual_sampling(&train, seed),
        .validation_sampling = usual_sampling(&validation, seed),
        .max_seq_length = USUAL_SEQ_LENGTH,
        .mlm_probability = 0.15,
        .threads = threads,
    };
    status = data_warn(&use, observer, error);
done:
    free(validation_prefix);
    dataset_close(&validation);
    dataset_close(&train);
    return status;
}
