/* Translates responses other than 2xx into error messages. */
#ifndef HUB_ERROR_RESPONSE_H
#define HUB_ERROR_RESPONSE_H

#include "hub/http.h"

/* BERT_OK for 2xx. Otherwise an error that explains the status for `what`, with a hint and the
 * server's own message. `page` is the web page of the repository. */
bert_status error_response_check(const http_response *response, const hub_settings *settings,
                                 const char *what, const char *page, bert_error *error);

/* Whether the response means that there is no such repository (or none that this token can access),
 * rather than a missing revision or file. */
bool error_response_is_no_repository(const http_response *response);

/* Whether the response means that the repository has no such revision. */
bool error_response_is_no_revision(const http_response *response);

#endif
