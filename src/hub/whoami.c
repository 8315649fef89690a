/* bert_whoami: whose token it is. */
#include "base/file.h"
#include "hub/error_response.h"
#include "hub/responses.h"

#include <stdlib.h>

bert_whoami_params bert_whoami_params_default(void)
{
    return (bert_whoami_params){.hub = bert_hub_options_default()};
}

void bert_whoami_result_free(bert_whoami_result *result)
{
    for (size_t i = 0; i < result->organization_count; i++)
        free(result->organizations[i]);
    free(result->organizations);
    free(result->name);
    free(result->full_name);
    free(result->token_name);
    free(result->token_role);
    free(result->token_source);
    *result = (bert_whoami_result){0};
}

static bert_status check_settings(const hub_settings *settings, bert_error *error)
{
    if (settings->offline)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the Hub says whose token it is, but HF_HUB_OFFLINE is set");
    if (!settings->token)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "there is no token: create one at %s/settings/tokens and set HF_TOKEN, or "
                         "log in with hf auth login of Hugging Face",
                         settings->endpoint);
    return BERT_OK;
}

static bert_status ask(const hub_settings *settings, bert_whoami_result *result,
                       const bert_observer *observer, bert_error *error)
{
    http_client *client = NULL;
    http_response response = {0};
    char *url = NULL, *page = NULL;
    const char *what = settings->token_source;
    bert_status status;
    TRY_OR_GO(status, path_format(&result->token_source, error, "%s", what), done);
    TRY_OR_GO(status, path_format(&url, error, "%s/api/whoami-v2", settings->endpoint), done);
    TRY_OR_GO(status, path_format(&page, error, "%s/settings/tokens", settings->endpoint), done);
    TRY_OR_GO(status, http_client_open(&client, settings, observer, error), done);
    http_request request = {.method = HTTP_GET, .url = url, .what = what};
    TRY_OR_GO(status, http_send(client, &request, &response, error), done);
    TRY_OR_GO(status, error_response_check(&response, settings, what, page, error), done);
    status = hub_identity_parse(result, &response.body, what, error);
done:
    http_response_free(&response);
    http_client_close(client);
    free(page);
    free(url);
    return status;
}

bert_status bert_whoami(const bert_whoami_params *params, bert_whoami_result *result,
                        const bert_observer *observer, bert_error *error)
{
    bert_error local_error = {0};
    hub_settings settings;
    error = error ? error : &local_error;
    *result = (bert_whoami_result){0};
    bert_status status = hub_settings_read(&settings, &params->hub, error);
    if (status == BERT_OK)
        status = check_settings(&settings, error);
    if (status == BERT_OK)
        status = ask(&settings, result, observer, error);
    hub_settings_free(&settings);
    return status;
}
