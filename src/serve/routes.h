/* What a path of the server means. Pure: knows neither sockets nor models. */
#ifndef SERVE_ROUTES_H
#define SERVE_ROUTES_H

#include "serve/request.h"

typedef enum route_kind {
    ROUTE_PAGE,   /* GET / */
    ROUTE_INFO,   /* GET /info */
    ROUTE_HEALTH, /* GET /health */
    ROUTE_TASK,   /* POST …: a request to the model */
    ROUTE_WRONG_METHOD,
    ROUTE_OTHER_MODEL, /* the path names a model that is not served */
    ROUTE_UNKNOWN
} route_kind;

typedef struct route {
    route_kind kind;
    serve_task task; /* of ROUTE_TASK; SERVE_TASK_COUNT: what the model was made for */
} route;

/* POST paths are those of Hugging Face's inference API: "/", "/models/NAME",
 * "/models/NAME/pipeline/TASK", "/pipeline/TASK", "/pipeline/TASK/NAME"; NAME has to be
 * `model_name`. */
route route_find(const char *method, const char *path, const char *model_name);

/* Whether the value of a Host header, with or without a port, names this machine itself: so that no
 * page of another host can reach a loopback server by a name that resolves to it. */
bool host_is_local(const char *host);

/* Whether an Origin header ("http://HOST") belongs to the same host as the Host header. */
bool origin_is_same(const char *origin, const char *host);

#endif
