#include "model/tensorflow_names.h"

#include "base/text.h"

#include <string.h>

/* A component of a name between slashes, not terminated. */
typedef struct scope {
    const char *start;
    size_t length;
    bool last;
} scope;

static scope scope_at(const char *start)
{
    size_t length = strcspn(start, "/");
    return (scope){.start = start, .length = length, .last = start[length] == '\0'};
}

static bool scope_is(scope scope, const char *name)
{
    return strlen(name) == scope.length && memcmp(scope.start, name, scope.length) == 0;
}

static bool scope_begins(scope scope, const char *start)
{
    return scope.length > strlen(start) && memcmp(scope.start, start, strlen(start)) == 0;
}

static bool scope_ends(scope scope, const char *end)
{
    size_t length = strlen(end);
    return scope.length > length && memcmp(scope.start + scope.length - length, end, length) == 0;
}

bool tensorflow_is_optimizer(const char *variable)
{
    static const char *const names[] = {"adam_m", "adam_v", "AdamWeightDecayOptimizer",
                                        "AdamWeightDecayOptimizer_1", "global_step"};
    for (scope scope = scope_at(variable);; scope = scope_at(scope.start + scope.length + 1)) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (scope_is(scope, names[i]))
                return true;
        if (scope.last)
            return false;
    }
}

/* What the last component of a name becomes; NULL: unchanged. */
static const char *last_name(scope scope)
{
    static const struct {
        const char *theirs, *ours;
    } names[] = {
        {"kernel", "weight"},    {"gamma", "weight"},          {"beta", "bias"},
        {"output_bias", "bias"}, {"output_weights", "weight"},
    };
    for (size_t i = 0; scope.last && i < sizeof names / sizeof *names; i++)
        if (scope_is(scope, names[i].theirs))
            return names[i].ours;
    return NULL;
}

static bert_status add_scope(text *out, scope scope, bool first, bert_error *error)
{
    static const char layer[] = "layer_";
    const char *name = last_name(scope);
    if (name)
        return text_format(out, error, "%s.%s", first ? "classifier" : "", name);
    if (!first)
        TRY(text_append(out, ".", 1, error));
    if (scope_begins(scope, layer))
        return text_format(out, error, "layer.%.*s", (int)(scope.length - strlen(layer)),
                           scope.start + strlen(layer));
    TRY(text_append(out, scope.start, scope.length, error));
    return scope.last && scope_ends(scope, "_embeddings") ? text_format(out, error, ".weight")
                                                          : BERT_OK;
}

bert_status tensorflow_name(char **name, bool *transposed, const char *variable, bert_error *error)
{
    text out = {0};
    scope scope = scope_at(variable);
    bert_status status = add_scope(&out, scope, true, error);
    while (status == BERT_OK && !scope.last) {
        scope = scope_at(scope.start + scope.length + 1);
        status = add_scope(&out, scope, false, error);
    }
    *transposed = scope_is(scope, "kernel");
    *name = out.data;
    if (status != BERT_OK) {
        text_free(&out);
        *name = NULL;
    }
    return status;
}
