/* Where the Hub is, who asks, and where the cache lies: options over environment over defaults. */
#ifndef HUB_SETTINGS_H
#define HUB_SETTINGS_H

#include "bert/hub.h"

#include "base/error.h"

typedef struct hub_settings {
    char *endpoint; /* without a slash at its end; owned, as the others */
    char *token;    /* NULL: none */
    char *cache;
    const char *certificates; /* file of those to trust; NULL: the system's. The environment's */
    int timeout, retries;
    bool offline;
} hub_settings;

/* The environment counts where `options` says nothing. Zero-initialises `settings`, which is
 * released with hub_settings_free, also after an error. No message holds the token. */
bert_status hub_settings_read(hub_settings *settings, const bert_hub_options *options,
                              bert_error *error);
void hub_settings_free(hub_settings *settings);

#endif
