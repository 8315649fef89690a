/* Maps paths to routes; independent of sockets and models. */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include "serve/request.h"

typedef enum route_kind {
    ROUTE_PAGE,   /* GET / */
    ROUTE_INFO,   /* GET /info */
    ROUTE_HEALTH, /* GET /health */
    ROUTE_TASK,   /* POST …: inference */
    ROUTE_WRONG_METHOD,
    ROUTE_OTHER_MODEL, /* the path names a model other than the served one */
    ROUTE_UNKNOWN
} route_kind;

typedef struct route {
    route_kind kind;
    serve_task task; /* of ROUTE_TASK; SERVE_TASK_COUNT: the model's default */
} route;

/* POST paths are those of Hugging Face's inference API: "/", "/models/NAME",
 * "/models/NAME/pipeline/TASK", "/pipeline/TASK", "/pipeline/TASK/NAME"; NAME must be `model_name`.
 */
route route_find(const char *method, const char *path, const char *model_name);

/* Whether a Host header, with or without a port, names the loopback interface. Protects a loopback
 * server against DNS rebinding. */
bool host_is_local(const char *host);

/* Whether an Origin header ("http://HOST") has the same host as the Host header. */
bool origin_is_same(const char *origin, const char *host);

#endif
