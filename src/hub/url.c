/* URLs are parsed and resolved with curl's API, so that the URL that is checked is the one
 * requested. */
#include "hub/url.h"

#include "base/file.h"
#include "hub/libcurl.h"

#include <stdlib.h>
#include <string.h>

bert_status url_quote(text *out, const char *part, bool keep_slashes, bert_error *error)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *part; part++) {
        if (strchr(plain, *part) || (keep_slashes && *part == '/'))
            TRY(text_append(out, part, 1, error));
        else
            TRY(text_format(out, error, "%%%02X", (unsigned char)*part));
    }
    return BERT_OK;
}

/* Does not use curl's parser, because messages also show URLs that it rejects. */
bert_status url_shown(text *out, const char *url, bert_error *error)
{
    size_t length = strcspn(url, "?#");
    const char *host = strstr(url, "://");
    host = host && host + 3 <= url + length ? host + 3 : url;
    const char *at = memrchr(host, '@', strcspn(host, "/?#"));
    TRY(text_append(out, url, (size_t)(host - url), error));
    host = at ? at + 1 : host;
    return text_append(out, host, (size_t)(url + length - host), error);
}

/* Parses `url`, relative to the one that `handle` holds, if any, and holds it instead. Only http
 * and https; no user name. */
static bert_status set_url(CURLU *handle, const char *url, bert_error *error)
{
    text shown = {0};
    TRY(url_shown(&shown, url, error));
    CURLUcode code = libcurl.url_set(handle, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    char *scheme = NULL;
    bert_status status = BERT_OK;
    if (code == CURLUE_OK)
        code = libcurl.url_get(handle, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        status = error_set(error, BERT_ERROR_MEMORY, "no memory for a URL");
    else if (code != CURLUE_OK)
        status = error_set(error, BERT_ERROR_INPUT, "\"%.200s\" is not a URL to follow: %s",
                           shown.data ? shown.data : "", libcurl.url_strerror(code));
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        status = error_set(error, BERT_ERROR_INPUT,
                           "\"%.200s\" is rejected: expected https:// or http://", shown.data);
    libcurl.free(scheme);
    text_free(&shown);
    return status;
}

/* `*part`: the caller frees it. */
static bert_status get_part(char **part, CURLU *handle, CURLUPart which, unsigned flags,
                            bert_error *error)
{
    char *found = NULL;
    CURLUcode code = libcurl.url_get(handle, which, &found, flags);
    if (code != CURLUE_OK)
        return error_set(error, code == CURLUE_OUT_OF_MEMORY ? BERT_ERROR_MEMORY : BERT_ERROR_INPUT,
                         "a part of a URL: %s", libcurl.url_strerror(code));
    bert_status status = path_format(part, error, "%s", found);
    libcurl.free(found);
    return status;
}

static bert_status origin_of(char **origin, CURLU *handle, bert_error *error)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    bert_status status;
    TRY_OR_GO(status, get_part(&scheme, handle, CURLUPART_SCHEME, 0, error), done);
    TRY_OR_GO(status, get_part(&host, handle, CURLUPART_HOST, 0, error), done);
    TRY_OR_GO(status, get_part(&port, handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, error), done);
    for (char *letter = host; *letter; letter++)
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
    status = path_format(origin, error, "%s://%s:%s", scheme, host, port);
done:
    free(scheme);
    free(host);
    free(port);
    return status;
}

bert_status url_origin(char **origin, const char *url, bert_error *error)
{
    *origin = NULL;
    TRY(libcurl_load(error));
    CURLU *handle = libcurl.url();
    if (!handle)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a URL");
    bert_status status = set_url(handle, url, error);
    if (status == BERT_OK)
        status = origin_of(origin, handle, error);
    libcurl.url_cleanup(handle);
    return status;
}

bert_status url_redirect(char **target, const char *from, const char *location, bert_error *error)
{
    *target = NULL;
    TRY(libcurl_load(error));
    CURLU *handle = libcurl.url();
    if (!handle)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a URL");
    bert_status status;
    TRY_OR_GO(status, set_url(handle, from, error), done);
    TRY_OR_GO(status, set_url(handle, location, error), done);
    TRY_OR_GO(status, get_part(target, handle, CURLUPART_URL, 0, error), done);
    if (strncasecmp(from, "https:", 6) == 0 && strncasecmp(*target, "https:", 6) != 0) {
        free(*target);
        *target = NULL;
        status =
            error_set(error, BERT_ERROR_INPUT, "a redirect from https to plain http is rejected");
    }
done:
    libcurl.url_cleanup(handle);
    return status;
}

bool url_same_origin(const char *url, const char *origin)
{
    char *found;
    bool same = url_origin(&found, url, NULL) == BERT_OK && strcmp(found, origin) == 0;
    free(found);
    return same;
}
