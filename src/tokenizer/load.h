/* Reading the files of a tokenizer: each fills in what it has. */
#ifndef TOKENIZER_LOAD_H
#define TOKENIZER_LOAD_H

#include "tokenizer/internal.h"
#include "tokenizer/token_json.h"

/* Settings found in files; unset ones get defaults. */
typedef struct file_settings {
    bert_switch lowercase, strip_accents, handle_chinese_chars, clean_text, truncate_left;
    int64_t max_input_chars_per_word; /* 0: not set */
    size_t model_max_length;          /* 0: not set, or no limit */
    text special[SPECIAL_COUNT];      /* names of the special tokens; no data: not set */
} file_settings;

/* One token per line; its id is the 0-based line number. As `tokenizers` reads it: white space at
 * the end of a line is no part of the token, a blank line is an empty token, which no text has, and
 * of equal lines the last one counts. Unlike there, a byte order mark is no part of the first. */
bert_status vocab_txt_read(bert_tokenizer *tokenizer, const char *path, bert_error *error);

bert_status tokenizer_json_read(bert_tokenizer *tokenizer, file_settings *settings,
                                const char *path, bert_error *error);

/* tokenizer_config.json, special_tokens_map.json and added_tokens.json of a folder, those that are
 * there, as `transformers` applies them to the vocabulary that was read: settings override those of
 * tokenizer.json. */
bert_status settings_files_read(bert_tokenizer *tokenizer, file_settings *settings,
                                const char *folder, bert_error *error);

/* An added token as the files write it, with whatever of its members are there. */
bert_status added_token_read(added_token *token, token_json *file, const json_t *object,
                             const char *path, bert_error *error);

bert_status file_get_switch(const json_t *object, const char *path, const char *key,
                            bert_switch *out, bert_error *error);
bert_status file_set_name(text *name, const char *token, size_t length, bert_error *error);

#endif
