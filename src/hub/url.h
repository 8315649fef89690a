/* URLs: quoting, origins, and where a redirect may lead. */
#ifndef HUB_URL_H
#define HUB_URL_H

#include "base/text.h"

/* Appends `part` with all but letters, digits and -._~ as %XX (RFC 3986, 2.1); slashes stay where
 * `keep_slashes` is set. */
bert_status url_quote(text *out, const char *part, bool keep_slashes, bert_error *error);

/* `*origin` = "scheme://host:port", in small letters, with the scheme's port where the URL names
 * none; the caller frees it. A URL that is neither http nor https, or that carries a user name, is
 * an error. */
bert_status url_origin(char **origin, const char *url, bert_error *error);

/* `*target` = where `location`, in an answer of `from`, leads; the caller frees it. Refused: what
 * url_origin refuses, and the step from https down to http. */
bert_status url_redirect(char **target, const char *from, const char *location, bert_error *error);

/* Whether the token may go there: it may not leave the endpoint. False for what is no URL. */
bool url_same_origin(const char *url, const char *origin);

/* The URL without user, query and fragment, for messages: queries of stores are signatures. */
bert_status url_shown(text *out, const char *url, bert_error *error);

#endif
