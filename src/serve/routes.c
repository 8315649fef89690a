#include "serve/routes.h"

#include <string.h>

/* The rest of `text` after `prefix`; NULL if it does not begin with that. */
static const char *after_prefix(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

static route task_route(const char *name, size_t length)
{
    serve_task task = serve_task_find(name, length);
    return (route){task == SERVE_TASK_COUNT ? ROUTE_UNKNOWN : ROUTE_TASK, task};
}

/* The route of "/models/" + `rest`: NAME or NAME/pipeline/TASK. NAME may contain slashes. */
static route model_route(const char *rest, const char *model_name)
{
    const char *end = after_prefix(rest, model_name);
    if (end && *end == '\0')
        return (route){ROUTE_TASK, SERVE_TASK_COUNT};
    const char *task = end ? after_prefix(end, "/pipeline/") : NULL;
    if (task)
        return task_route(task, strlen(task));
    return (route){ROUTE_OTHER_MODEL, SERVE_TASK_COUNT};
}

/* The route of "/pipeline/" + `rest`: TASK or TASK/NAME. */
static route pipeline_route(const char *rest, const char *model_name)
{
    size_t length = strcspn(rest, "/");
    route found = task_route(rest, length);
    if (found.kind == ROUTE_TASK && rest[length] == '/' &&
        strcmp(rest + length + 1, model_name) != 0)
        found.kind = ROUTE_OTHER_MODEL;
    return found;
}

static route post_route(const char *path, const char *model_name)
{
    const char *rest;
    if (strcmp(path, "/") == 0)
        return (route){ROUTE_TASK, SERVE_TASK_COUNT};
    if ((rest = after_prefix(path, "/models/")))
        return model_route(rest, model_name);
    if ((rest = after_prefix(path, "/pipeline/")))
        return pipeline_route(rest, model_name);
    return (route){ROUTE_UNKNOWN, SERVE_TASK_COUNT};
}

static route_kind get_route(const char *path)
{
    return strcmp(path, "/") == 0         ? ROUTE_PAGE
           : strcmp(path, "/info") == 0   ? ROUTE_INFO
           : strcmp(path, "/health") == 0 ? ROUTE_HEALTH
                                          : ROUTE_UNKNOWN;
}

route route_find(const char *method, const char *path, const char *model_name)
{
    route got = {get_route(path), SERVE_TASK_COUNT};
    route posted = post_route(path, model_name);
    bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    route requested = is_get ? got : posted, other = is_get ? posted : got;
    if (!is_get && strcmp(method, "POST") != 0)
        requested.kind = ROUTE_UNKNOWN, other = got.kind == ROUTE_UNKNOWN ? posted : got;
    if (requested.kind == ROUTE_UNKNOWN && other.kind != ROUTE_UNKNOWN)
        requested.kind = ROUTE_WRONG_METHOD;
    return requested;
}

/* The length of the host in "host:port" or "[address]:port". */
static size_t host_length(const char *host)
{
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;
    return bracket ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

bool host_is_local(const char *host)
{
    static const char *const names[] = {"localhost", "[::1]"};
    size_t length = host_length(host);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncasecmp(names[i], host, length) == 0)
            return true;
    /* 127.0.0.0/8. Accept only digits and dots, because a host name may begin with "127." too. */
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == length;
}

bool origin_is_same(const char *origin, const char *host)
{
    const char *rest = after_prefix(origin, "http://");
    if (!rest)
        rest = after_prefix(origin, "https://"); /* a reverse proxy with TLS */
    return rest && strcasecmp(rest, host) == 0;
}
