/* Named characters: "&nbsp;", "&hellip;". */
#include "corpus/wiki_markup.h"

#include <string.h>

static const struct {
    const char *name, *characters;
} entities[] = {
#include "corpus/html_entities.inc"
};

const char *wiki_entity_find(const char *name, size_t length)
{
    for (size_t low = 0, high = sizeof entities / sizeof *entities; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(name, entities[middle].name, length);
        if (order == 0 && entities[middle].name[length] == '\0')
            return entities[middle].characters;
        if (order <= 0) /* a longer name that begins so comes later */
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
