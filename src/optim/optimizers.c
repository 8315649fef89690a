#include "optim/optimizers.h"

#include "base/text.h"

#include <string.h>

static const optimizer_type *const types[] = {
#define ENTRY(name) &optimizer_##name,
    OPTIMIZER_TYPES(ENTRY)
#undef ENTRY
};
enum { TYPES = sizeof types / sizeof *types };

bert_status optimizer_type_find(const optimizer_type **type, const char *name, bert_error *error)
{
    const char *names[TYPES];
    for (size_t i = 0; i < TYPES; i++) {
        names[i] = types[i]->name;
        if (strcmp(name, names[i]) == 0) {
            *type = types[i];
            return BERT_OK;
        }
    }
    char known[256];
    names_join(known, sizeof known, names, TYPES);
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->optim is \"%s\", expected %s",
                     name, known);
}

size_t optimizer_state_count(const optimizer_type *type)
{
    size_t count = 0;
    while (type->states[count])
        count++;
    return count;
}
