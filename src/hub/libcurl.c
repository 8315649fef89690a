#include "hub/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libcurl.so.4"

libcurl_functions libcurl;

static bert_error failure; /* BERT_OK: loaded */

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); /* never closed */
    if (!library) {
        error_set(&failure, BERT_ERROR_UNSUPPORTED, "cannot load libcurl: %s; install it",
                  dlerror());
        return;
    }
    bool all = true;
#define LOAD(name) all &= (*(void **)(&libcurl.name) = dlsym(library, "curl_" #name)) != NULL;
    LIBCURL_FUNCTIONS(LOAD)
#undef LOAD
    if (!all) {
        error_set(&failure, BERT_ERROR_UNSUPPORTED,
                  LIBRARY " lacks functions of curl 7.85; install a newer version");
        return;
    }
    CURLcode code = libcurl.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        error_set(&failure, BERT_ERROR_UNSUPPORTED, "cannot initialize libcurl: %s",
                  libcurl.easy_strerror(code));
}

bert_status libcurl_load(bert_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (failure.status != BERT_OK)
        error_set(error, failure.status, "%s", failure.message);
    return failure.status;
}
