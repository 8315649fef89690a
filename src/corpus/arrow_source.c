#include "corpus/arrow_source.h"

static bert_status read_source(void *context, void *data, size_t size, size_t *got,
                               bert_error *error)
{
    return source_take(context, data, size, got, error);
}

bert_status arrow_source_open(arrow **out, int *descriptor, source *source, bert_error *error)
{
    *out = NULL;
    *descriptor = -1;
    TRY(source_fill(source, SOURCE_PIECE, error));
    if (!arrow_detect_file(source->buffer + source->begin, source->end - source->begin)) {
        arrow_input input = {.context = source, .read = read_source};
        return arrow_open(out, input, source->name, error);
    }
    TRY(source_file(source, descriptor, error));
    return arrow_open_file(out, *descriptor, source->name, error);
}
