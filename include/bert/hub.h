/* Models and data sets from the Hugging Face Hub, and to it.
 *
 * The protocol and the cache on disk are those of the huggingface_hub package: what one of the
 * two has downloaded, the other one finds (docs/hub.md). */
#ifndef BERT_HUB_H
#define BERT_HUB_H

#include "bert/status.h"
#include "bert/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The Hub's address and the user's token. NULL and 0: from the environment. */
typedef struct bert_hub_options {
    const char *endpoint; /* HF_ENDPOINT, else https://huggingface.co */
    const char *token;    /* HF_TOKEN, else the file HF_TOKEN_PATH or HF_HOME/token; "": none. Goes
                             to the endpoint alone, and into no message */
    const char *cache;    /* HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub */
    int timeout;          /* seconds in which no byte moves; HF_HUB_DOWNLOAD_TIMEOUT, else 30 */
    int retries;          /* how often in a row a request is repeated after a transient failure */
} bert_hub_options;
BERT_API bert_hub_options bert_hub_options_default(void);

typedef enum bert_repository_kind {
    BERT_REPOSITORY_ANY, /* the model of that name; where there is none, the data set */
    BERT_REPOSITORY_MODEL,
    BERT_REPOSITORY_DATASET,
} bert_repository_kind;

typedef struct bert_download_params {
    bert_hub_options hub;
    const char *name;          /* "bert-base-uncased", "google-bert/bert-base-uncased" */
    bert_repository_kind kind; /* `config` and `split` make it a data set */
    const char *revision;      /* branch, tag or commit. NULL: "main"; for data sets
                                  "refs/convert/parquet", the Hub's conversion to Parquet */
    const char *config;        /* of a data set; NULL: the only one it has */
    const char *split;         /* of a data set; NULL: all */
    /* NULL: the configuration, the weights (safetensors, else PyTorch's, else Google's) and the
     * tokenizer of a model; config and split of a data set. Else patterns of the shell with commas
     * between them, in which * matches / as well: the files that match any of them. */
    const char *include;
    const char *output; /* NULL: the cache. Else a folder for plain files; those in it that are the
                           same are left alone, one that differs is an error before any byte comes
                         */
    /* Files in the cache are compared with the Hub's sizes; ON: with its checksums, too, for which
     * they are read; unset: where they have up to 1 GiB in all. A damaged one is downloaded again,
     * and a warning says so. */
    bert_switch verify;
} bert_download_params;
typedef struct bert_download_result {
    bert_repository_kind kind; /* what it was found to be */
    char commit[41];           /* of the files; 40 hexadecimal digits */
    char *directory;           /* the snapshot in the cache, or `output`; owned */
    char **files;              /* [file_count] paths, those of the directory included; owned */
    size_t file_count;
    uint64_t bytes;    /* of all files */
    uint64_t received; /* of them, over the network by this call */
} bert_download_result;
BERT_API bert_download_params bert_download_params_default(void);

/* Files appear atomically under their names, with the Hub's checksum verified. An interrupted
 * download, of any program, is resumed. `result` is released with bert_download_result_free, also
 * after an error. With HF_HUB_OFFLINE set, no request is made: the result is what the cache holds.
 * So it is, with a warning, where the Hub cannot be reached or fails (5xx), and there is no
 * `output`. */
BERT_API bert_status bert_download(const bert_download_params *params, bert_download_result *result,
                                   const bert_observer *observer, bert_error *error);
BERT_API void bert_download_result_free(bert_download_result *result);

/* A path, for a name on the Hub. */
typedef struct bert_resolve_params {
    bert_hub_options hub;
    /* Of a model or tokenizer "[OWNER/]NAME[@REVISION]", with or without "hf://" in front; of files
     * of a data set "hf://datasets/[OWNER/]NAME[@REVISION][/PATH]", where PATH is a file, a folder
     * or a pattern of the shell, REVISION is a branch, tag or commit with %2F for a slash, and
     * ~parquet stands for the Hub's conversion to Parquet. Without REVISION, PATH is looked for in
     * main, then in the conversion; without PATH it is the conversion's only configuration. */
    const char *name;
    bert_hub_part part; /* what is needed of it */
    bool download;      /* what the cache does not have is downloaded */
} bert_resolve_params;
BERT_API bert_resolve_params bert_resolve_params_default(void);

/* `*path` becomes the snapshot's folder in the cache, or a path or pattern in it. The Hub is not
 * asked where the cache has all that is needed: bert_download looks for a newer commit. A `name`
 * that exists as a file, a folder or a TensorFlow checkpoint, and one that cannot be a name on the
 * Hub, is returned as it is. One that is neither there nor in the cache is BERT_ERROR_IO. Of a data
 * set the cache may have some files only: a message says how many there are, and `download` asks
 * the Hub. */
BERT_API bert_status bert_hub_resolve(bert_text *path, const bert_resolve_params *params,
                                      const bert_observer *observer, bert_error *error);

/* Whose token it is. */
typedef struct bert_whoami_params {
    bert_hub_options hub; /* a token is needed */
} bert_whoami_params;
typedef struct bert_whoami_result {
    char *name;           /* of the user; owned, as all of it */
    char *full_name;      /* NULL: none */
    char **organizations; /* [organization_count] names */
    size_t organization_count;
    char *token_name;   /* as the user called it; NULL: the Hub does not say */
    char *token_role;   /* "read", "write", "fineGrained"; NULL: likewise */
    char *token_source; /* "HF_TOKEN", or the file that holds it; not the token */
} bert_whoami_result;
BERT_API bert_whoami_params bert_whoami_params_default(void);

/* Asks the Hub. No token, and one that the Hub does not know, are errors. `result` is released with
 * bert_whoami_result_free, also after an error. */
BERT_API bert_status bert_whoami(const bert_whoami_params *params, bert_whoami_result *result,
                                 const bert_observer *observer, bert_error *error);
BERT_API void bert_whoami_result_free(bert_whoami_result *result);

typedef struct bert_upload_params {
    bert_hub_options hub; /* a token is needed */
    const char *directory;
    const char *name;          /* "user/model" */
    bert_repository_kind kind; /* a model, unless it is BERT_REPOSITORY_DATASET */
    const char *revision;      /* "main" */
    const char *message;       /* of the commit; NULL: one that says what was uploaded */
    /* NULL: of a model the card (README.md), configuration, weights and tokenizer; of a folder with
     * a tokenizer alone the card and its files; of a data set all files. Else patterns, as in
     * bert_download_params. */
    const char *include;
    bool create;             /* make the repository where there is none */
    bool private_repository; /* where it is made */
} bert_upload_params;
typedef struct bert_upload_result {
    char url[1024];      /* of the commit, or of the model where nothing was to be committed */
    uint64_t files;      /* chosen in the folder */
    uint64_t committed;  /* of them, new or changed */
    uint64_t bytes_sent; /* of large files, without those that the Hub's store had already */
} bert_upload_result;
BERT_API bert_upload_params bert_upload_params_default(void);

/* All files go into one commit: the repository on the Hub changes atomically. Symbolic links
 * and hidden files are never sent, nor is a file of the commit that holds the token. */
BERT_API bert_status bert_upload(const bert_upload_params *params, bert_upload_result *result,
                                 const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
