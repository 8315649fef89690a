#include "hub/settings.h"

#include "base/file.h"
#include "hub/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TIMEOUT = 30, DEFAULT_RETRIES = 5, TOKEN_MAX_BYTES = 4096 };

bert_hub_options bert_hub_options_default(void)
{
    return (bert_hub_options){.retries = DEFAULT_RETRIES};
}

/* The first of the variables that is set and not empty; NULL if there is none. */
static const char *environment(const char *first, const char *second)
{
    const char *value = getenv(first);
    if ((!value || !*value) && second)
        value = getenv(second);
    return value && *value ? value : NULL;
}

static bool is_true(const char *value)
{
    return value && (strcmp(value, "1") == 0 || strcasecmp(value, "on") == 0 ||
                     strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0);
}

/* Expands "~" and "~/x". */
static bert_status expand_home(char **path, const char *value, bert_error *error)
{
    if (value[0] != '~' || (value[1] && value[1] != '/'))
        return path_format(path, error, "%s", value);
    const char *home = environment("HOME", NULL);
    if (!home)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%s: HOME is not set", value);
    return path_format(path, error, "%s%s", home, value + 1);
}

static bert_status find_home(char **home, bert_error *error)
{
    const char *value = environment("HF_HOME", NULL);
    if (value)
        return expand_home(home, value, error);
    char *caches;
    const char *base = environment("XDG_CACHE_HOME", NULL);
    TRY(expand_home(&caches, base ? base : "~/.cache", error));
    bert_status status = path_join(home, caches, "huggingface", error);
    free(caches);
    return status;
}

static bert_status find_cache(hub_settings *settings, const bert_hub_options *options,
                              const char *home, bert_error *error)
{
    const char *value = options->cache;
    if (!value)
        value = environment("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE");
    if (value)
        return expand_home(&settings->cache, value, error);
    return path_join(&settings->cache, home, "hub", error);
}

/* Sets the token to `value`, trimmed. Rejects other characters than printable ASCII: a line break
 * would allow header injection. */
static bert_status take_token(hub_settings *settings, const char *value, const char *source,
                              bert_error *error)
{
    while (isspace((unsigned char)*value))
        value++;
    size_t length = strlen(value);
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%s: character %zu is not allowed in a token", source, i + 1);
    if (length == 0)
        return BERT_OK;
    TRY(path_format(&settings->token_source, error, "%s", source));
    return path_format(&settings->token, error, "%.*s", (int)length, value);
}

static bert_status find_token(hub_settings *settings, const bert_hub_options *options,
                              const char *home, bert_error *error)
{
    if (options->token)
        return take_token(settings, options->token, "the given token", error);
    const char *value = environment("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
    if (value)
        return take_token(settings, value, "HF_TOKEN", error);

    char *path = NULL;
    text content = {0};
    value = environment("HF_TOKEN_PATH", NULL);
    if (value)
        TRY(expand_home(&path, value, error));
    else
        TRY(path_join(&path, home, "token", error));
    bert_status status = BERT_OK;
    if (file_exists(path)) {
        status = file_read(&content, path, TOKEN_MAX_BYTES, error);
        if (status == BERT_OK && content.data)
            status = take_token(settings, content.data, path, error);
    }
    if (content.data)
        explicit_bzero(content.data, content.capacity);
    text_free(&content);
    free(path);
    return status;
}

static bert_status find_endpoint(hub_settings *settings, const bert_hub_options *options,
                                 bert_error *error)
{
    const char *value = options->endpoint;
    if (!value)
        value = environment("HF_ENDPOINT", NULL);
    if (!value)
        value = "https://huggingface.co";
    TRY(path_format(&settings->endpoint, error, "%s", value));
    for (size_t length = strlen(settings->endpoint);
         length > 0 && settings->endpoint[length - 1] == '/';)
        settings->endpoint[--length] = '\0';
    char *origin = NULL;
    bert_status status = url_origin(&origin, settings->endpoint, error);
    free(origin);
    if (status == BERT_OK && strpbrk(settings->endpoint, "?#"))
        status = error_set(error, BERT_ERROR_INPUT, "must not contain ? or #");
    if (status != BERT_OK) {
        error_prefix(error, status, "the Hub's endpoint (HF_ENDPOINT)");
        if (error)
            error->status = BERT_ERROR_INVALID_ARGUMENT;
        return BERT_ERROR_INVALID_ARGUMENT;
    }
    return BERT_OK;
}

static bert_status find_timeout(hub_settings *settings, const bert_hub_options *options,
                                bert_error *error)
{
    settings->timeout = options->timeout;
    const char *value = environment("HF_HUB_DOWNLOAD_TIMEOUT", NULL);
    if (settings->timeout == 0 && value) {
        char *end;
        long seconds = strtol(value, &end, 10);
        if (*end || seconds < 1 || seconds > 86400)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "HF_HUB_DOWNLOAD_TIMEOUT is \"%.40s\"; expected seconds, 1 to 86400",
                             value);
        settings->timeout = (int)seconds;
    }
    if (settings->timeout == 0)
        settings->timeout = DEFAULT_TIMEOUT;
    if (settings->timeout < 0 || options->retries < 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "timeout and retries cannot be negative");
    settings->retries = options->retries;
    return BERT_OK;
}

bert_status hub_settings_read(hub_settings *settings, const bert_hub_options *options,
                              bert_error *error)
{
    /* The variables that Python's requests, and so huggingface_hub, uses. */
    *settings = (hub_settings){.certificates = environment("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
                               .offline = is_true(environment("HF_HUB_OFFLINE", NULL)) ||
                                          is_true(environment("TRANSFORMERS_OFFLINE", NULL))};
    char *home = NULL;
    bert_status status;
    TRY_OR_GO(status, find_endpoint(settings, options, error), done);
    TRY_OR_GO(status, find_timeout(settings, options, error), done);
    TRY_OR_GO(status, find_home(&home, error), done);
    TRY_OR_GO(status, find_cache(settings, options, home, error), done);
    TRY_OR_GO(status, find_token(settings, options, home, error), done);
done:
    free(home);
    return status;
}

void hub_settings_free(hub_settings *settings)
{
    if (settings->token)
        explicit_bzero(settings->token, strlen(settings->token));
    free(settings->endpoint);
    free(settings->token);
    free(settings->token_source);
    free(settings->cache);
    *settings = (hub_settings){0};
}
