#include "hub/error_response.h"

#include <jansson.h>
#include <string.h>

static bool has_code(const http_response *response, const char *code)
{
    const char *found = response->headers[HTTP_ERROR_CODE];
    return found && strcmp(found, code) == 0;
}

bool error_response_is_no_revision(const http_response *response)
{
    return has_code(response, "RevisionNotFound");
}

bool error_response_is_no_repository(const http_response *response)
{
    if (has_code(response, "GatedRepo") || has_code(response, "EntryNotFound") ||
        error_response_is_no_revision(response))
        return false;
    return response->status == 401 || response->status == 404;
}

/* The explanation of a status; %s is the page. */
static const char *meaning(const http_response *response, bool with_token)
{
    if (has_code(response, "GatedRepo"))
        return with_token ? "is gated: accept its conditions at %s with the account of the token"
                          : "is gated: accept its conditions at %s and set HF_TOKEN";
    if (error_response_is_no_revision(response))
        return "no such revision on the Hub; see %s";
    if (has_code(response, "EntryNotFound"))
        return "no such file on the Hub; see %s";
    switch (response->status) {
    case 401:
        return with_token
                   ? "the Hub rejected the token: check HF_TOKEN, and see %s"
                   : "not found on the Hub, or private or gated: in this case set HF_TOKEN; see %s";
    case 403:
        return with_token ? "the token lacks the permission; see %s"
                          : "access is restricted: set HF_TOKEN, and see %s";
    case 404:
        return "not found on the Hub; see %s";
    case 409:
        return "it was changed concurrently; see %s, and try again";
    case 413:
        return "too large for the Hub; see %s";
    default:
        return "rejected by the Hub; see %s";
    }
}

bert_status error_response_check(const http_response *response, const hub_settings *settings,
                                 const char *what, const char *page, bert_error *error)
{
    if (response->status >= 200 && response->status < 300)
        return BERT_OK;
    char sentence[512], said[256] = "";
    snprintf(sentence, sizeof sentence, meaning(response, settings->token != NULL), page);
    const char *server = response->headers[HTTP_ERROR_MESSAGE];
    json_t *answer = NULL;
    if (!server && response->body.length > 0) {
        answer = json_loadb(response->body.data, response->body.length, 0, NULL);
        server = json_string_value(json_object_get(answer, "error"));
    }
    if (server)
        snprintf(said, sizeof said, " (response: %.200s)", server);
    json_decref(answer);
    return error_set(error, BERT_ERROR_INPUT, "%s: %s (status %ld)%s", what, sentence,
                     response->status, said);
}
