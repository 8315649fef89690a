/* Endpoint, token and cache of the Hub. Precedence: options, environment, defaults. */
#ifndef HUB_SETTINGS_H
#define HUB_SETTINGS_H

#include "bert/hub.h"

#include "base/error.h"

typedef struct hub_settings {
    char *endpoint;     /* without a trailing slash; owned, like token and cache */
    char *token;        /* NULL: none */
    char *token_source; /* "HF_TOKEN", or its file; owned; NULL: none */
    char *cache;
    const char *certificates; /* CA file, points into the environment; NULL: the system's */
    int timeout, retries;
    bool offline;
} hub_settings;

/* Uses the environment where `options` is not set. Initialises `settings`; call hub_settings_free,
 * also after an error. No message contains the token. */
bert_status hub_settings_read(hub_settings *settings, const bert_hub_options *options,
                              bert_error *error);
void hub_settings_free(hub_settings *settings);

#endif
