/* URLs: percent-encoding, origins, and which redirects are followed. */
#ifndef HUB_URL_H
#define HUB_URL_H

#include "base/text.h"

/* Appends `part` percent-encoded: all but letters, digits and -._~ as %XX (RFC 3986, 2.1 and 2.3);
 * slashes are kept where `keep_slashes` is set. */
bert_status url_quote(text *out, const char *part, bool keep_slashes, bert_error *error);

/* `*origin` = "scheme://host:port" (RFC 6454), in lower case, with the scheme's default port where
 * the URL has none; the caller frees it. BERT_ERROR_INPUT for another scheme than http and https,
 * and for a URL with a user name. */
bert_status url_origin(char **origin, const char *url, bert_error *error);

/* `*target` = `location`, of a response of `from`, as an absolute URL; the caller frees it.
 * BERT_ERROR_INPUT where url_origin fails, and for a redirect from https to http. */
bert_status url_redirect(char **target, const char *from, const char *location, bert_error *error);

/* Whether a request to `url` may carry the access token of `origin`. False for an invalid URL. */
bool url_same_origin(const char *url, const char *origin);

/* Appends the URL without user name, query and fragment, for messages: a query may be a signature
 * that grants access. Any string will do. */
bert_status url_shown(text *out, const char *url, bert_error *error);

#endif
