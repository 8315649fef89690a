/* What an answer other than 2xx means, in words. */
#ifndef HUB_ERROR_RESPONSE_H
#define HUB_ERROR_RESPONSE_H

#include "hub/http.h"

/* BERT_OK for 2xx. Else an error that says what the status means for `what`, with a hint and with
 * what the server says itself. `page` is where a person finds the repository. */
bert_status error_response_check(const http_response *response, const hub_settings *settings,
                                 const char *what, const char *page, bert_error *error);

/* Whether the answer says that there is no such repository (or none for this token), rather than
 * that a revision or a file is missing. */
bool error_response_is_no_repository(const http_response *response);

/* Whether it says that the repository has no such revision. */
bool error_response_is_no_revision(const http_response *response);

#endif
