/* The options of every params struct as tables: what the command line, run.json and the manual
 * pages read, and what a program can list and set by name.
 *
 *     size_t count;
 *     const bert_option *options = bert_pretrain_params_table(&count);
 *     const bert_option *rate = bert_option_find(options, count, "learning_rate");
 *     bert_pretrain_params params = bert_pretrain_params_default();
 *     if (bert_option_set(&params, rate, "2e-4", &error) != BERT_OK) …
 *
 * A member that is not in a table is the caller's alone: a job, input paths, a callback. */
#ifndef BERT_OPTIONS_H
#define BERT_OPTIONS_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The type of a member. The kinds of strings differ in meaning. */
typedef enum bert_option_type {
    BERT_OPTION_BOOL,
    BERT_OPTION_SWITCH, /* bert_switch */
    BERT_OPTION_INT,
    BERT_OPTION_INT64,
    BERT_OPTION_UINT64,
    BERT_OPTION_SIZE,
    BERT_OPTION_DOUBLE,
    BERT_OPTION_CHOICE, /* an enum of bert/choices.h: one of `choices` */
    BERT_OPTION_STRING, /* const char * */
    BERT_OPTION_PATH,   /* const char * */
    BERT_OPTION_PATHS,  /* const char *: paths, a line ("\n") for each */
    BERT_OPTION_MODEL,  /* const char *: a size by name, or a path */
} bert_option_type;

/* A value that an option can have. */
typedef struct bert_choice {
    const char *name;
    int value;
    const char *help; /* what it means, in a few words; may be NULL */
} bert_choice;

typedef struct bert_option {
    const char *name; /* "learning_rate": also the key in run.json; --learning-rate */
    bert_option_type type;
    size_t offset;              /* of the member in its struct */
    bool optional;              /* NULL is a value of a string, -1 one of a choice */
    double minimum, maximum;    /* of numbers */
    bool above_minimum;         /* the minimum itself is out of range */
    bool below_maximum;         /* the maximum itself is */
    const bert_choice *choices; /* of BERT_OPTION_CHOICE; ends with a NULL name */
    const char *value;          /* placeholder of the value in a help text: "RATE" */
    const char *help;           /* without final period */
    const char *default_text; /* what the default means, where its value does not show it; NULL: the
                                 value is shown. "": there is none to show */
    const char *opposite;     /* of a bool or switch that the command line has as its opposite:
                                 "cased" of lowercase; else NULL */
    const char *group;        /* heading; NULL: that of the option before */
} bert_option;

/* The option of that name, or NULL. Dashes in the name are taken for underscores. */
BERT_API const bert_option *bert_option_find(const bert_option *options, size_t count,
                                             const char *name);

/* Sets the option's member in `params` from text: a number in decimal digits, "true" or "false", a
 * string. A string is not copied, it must live as long as the params; the name of a choice need
 * not. BERT_ERROR_INVALID_ARGUMENT where the text is not of the option's type and range. */
BERT_API bert_status bert_option_set(void *params, const bert_option *option, const char *text,
                                     bert_error *error);

/* Writes the member as text that bert_option_set takes, "" for a NULL string, an unset switch or
 * choice, cut to `size`. Returns the length of the whole text, as snprintf does. */
BERT_API size_t bert_option_get(const void *params, const bert_option *option, char *text,
                                size_t size);

/* Writes what the option's value can be: "a number above 0", "a whole number from 1 to 65536",
 * "adamw, adam or lamb". */
BERT_API void bert_option_expected(const bert_option *option, char *text, size_t size);

/* Whether all members that the table has are within their ranges: what every call that takes the
 * params checks first. */
BERT_API bert_status bert_options_check(const bert_option *options, size_t count,
                                        const void *params, bert_error *error);

/* The table of each struct, in the order of the help; its defaults are what bert_…_default()
 * returns. */
BERT_API const bert_option *bert_cleaning_options_table(size_t *count);
BERT_API const bert_option *bert_reader_options_table(size_t *count);
BERT_API const bert_option *bert_tokenizer_options_table(size_t *count);
BERT_API const bert_option *bert_train_tokenizer_params_table(size_t *count);
BERT_API const bert_option *bert_inspect_corpus_params_table(size_t *count);
BERT_API const bert_option *bert_inspect_data_params_table(size_t *count);
/* Of the same struct, what says how samples are made. */
BERT_API const bert_option *bert_inspect_samples_table(size_t *count);
BERT_API const bert_option *bert_inspect_model_params_table(size_t *count);
BERT_API const bert_option *bert_prepare_params_table(size_t *count);
BERT_API const bert_option *bert_tune_params_table(size_t *count);
BERT_API const bert_option *bert_plan_params_table(size_t *count);
BERT_API const bert_option *bert_pretrain_params_table(size_t *count);
BERT_API const bert_option *bert_resume_params_table(size_t *count);
BERT_API const bert_option *bert_job_params_table(size_t *count);
BERT_API const bert_option *bert_evaluate_params_table(size_t *count);
BERT_API const bert_option *bert_finetune_params_table(size_t *count);
BERT_API const bert_option *bert_model_options_table(size_t *count);
BERT_API const bert_option *bert_embed_params_table(size_t *count);
BERT_API const bert_option *bert_predict_params_table(size_t *count);
BERT_API const bert_option *bert_serve_params_table(size_t *count);
BERT_API const bert_option *bert_download_params_table(size_t *count);
BERT_API const bert_option *bert_upload_params_table(size_t *count);

#ifdef __cplusplus
}
#endif
#endif
