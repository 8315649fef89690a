#include "serve/microhttpd.h"

#include <dlfcn.h>

#define LIBRARY "libmicrohttpd.so.12"

microhttpd_functions microhttpd;

bert_status microhttpd_load(bert_error *error)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); /* never closed */
    if (!library)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "cannot load libmicrohttpd: %s; install it",
                         dlerror());
    bool all = true;
#define LOAD(name) all &= (*(void **)(&microhttpd.name) = dlsym(library, "MHD_" #name)) != NULL;
    MICROHTTPD_FUNCTIONS(LOAD)
#undef LOAD
    if (!all)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         LIBRARY " lacks functions of version 0.9.75");
    return BERT_OK;
}
