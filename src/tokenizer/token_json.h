/* JSON files whose strings and keys are tokens, which may contain NUL: jansson allows none in keys.
 * While the file is parsed, a code point that it does not contain stands for NUL. */
#ifndef TOKENIZER_TOKEN_JSON_H
#define TOKENIZER_TOKEN_JSON_H

#include "formats/json.h"

typedef struct token_json {
    json_t *root; /* an object */
    uint32_t nul; /* the code point that stands for NUL; 0: the file has no NUL */
    text token;   /* of the last call of token_json_token */
} token_json;

/* Zero-initialise `file`; call token_json_free also after a failure. */
bert_status token_json_read(token_json *file, const char *path, bert_error *error);
void token_json_free(token_json *file);

/* The bytes of a string or key of the file, as they are; valid until the next call. */
bert_status token_json_token(token_json *file, const char *string, const char **token,
                             size_t *length, bert_error *error);

#endif
