#include "corpus/counts.h"

#include "base/text.h"
#include "bert.h"
#include "formats/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *cleaning_to_json(const bert_cleaning_counts *counts)
{
    json_t *value = json_pack("{s:I, s:I, s:I}", "documents", (json_int_t)counts->documents,
                              "repeated_paragraphs", (json_int_t)counts->repeated_paragraphs,
                              "not_remembered", (json_int_t)counts->not_remembered);
    for (int i = 0; i < BERT_DROPPED_REASONS; i++)
        json_object_set_new(value, bert_dropped_name((bert_dropped)i),
                            json_integer((json_int_t)counts->dropped[i]));
    return value;
}

json_t *corpus_counts_to_json(const bert_corpus_counts *counts)
{
    json_t *sources = json_array();
    for (size_t i = 0; i < counts->source_count; i++) {
        const bert_source_counts *source = &counts->sources[i];
        json_array_append_new(sources,
                              json_pack("{s:s, s:f, s:I, s:I}", "name", source->name, "weight",
                                        source->weight, "documents", (json_int_t)source->documents,
                                        "taken", (json_int_t)source->taken));
    }
    return json_pack("{s:o, s:o}", "sources", sources, "cleaning",
                     cleaning_to_json(&counts->cleaning));
}

static bert_status get_count(const json_t *object, const char *path, const char *name,
                             uint64_t *count, bert_error *error)
{
    int64_t value = 0;
    TRY(json_get_integer(object, path, name, true, 0, INT64_MAX, &value, error));
    *count = (uint64_t)value;
    return BERT_OK;
}

static bert_status cleaning_from_json(bert_cleaning_counts *counts, const json_t *value,
                                      const char *path, bert_error *error)
{
    TRY(get_count(value, path, "documents", &counts->documents, error));
    TRY(get_count(value, path, "repeated_paragraphs", &counts->repeated_paragraphs, error));
    TRY(get_count(value, path, "not_remembered", &counts->not_remembered, error));
    for (int i = 0; i < BERT_DROPPED_REASONS; i++)
        TRY(get_count(value, path, bert_dropped_name((bert_dropped)i), &counts->dropped[i], error));
    return BERT_OK;
}

static bert_status source_from_json(bert_source_counts *source, const json_t *value,
                                    const char *path, bert_error *error)
{
    const char *name = "";
    TRY(json_get_string(value, path, "name", true, &name, error));
    if (strlen(name) >= sizeof source->name)
        return error_set(error, BERT_ERROR_INPUT, "%s: \"name\": expected at most %zu bytes", path,
                         sizeof source->name - 1);
    memcpy(source->name, name, strlen(name));
    TRY(json_get_number(value, path, "weight", true, 0, HUGE_VAL, &source->weight, error));
    TRY(get_count(value, path, "documents", &source->documents, error));
    return get_count(value, path, "taken", &source->taken, error);
}

bert_status corpus_counts_from_json(bert_corpus_counts *counts, const json_t *value,
                                    const char *path, bert_error *error)
{
    const json_t *sources = json_object_get(value, "sources");
    *counts = (bert_corpus_counts){.source_count = json_array_size(sources)};
    if (!json_is_array(sources) || counts->source_count > BERT_SOURCES_MAX)
        return error_set(error, BERT_ERROR_INPUT, "%s: \"sources\": expected a list of at most %d",
                         path, BERT_SOURCES_MAX);
    for (size_t i = 0; i < counts->source_count; i++)
        TRY(source_from_json(&counts->sources[i], json_array_get(sources, i), path, error));
    return cleaning_from_json(&counts->cleaning, json_object_get(value, "cleaning"), path, error);
}

bert_status bert_corpus_counts_json(const bert_corpus_counts *counts, bert_text *json,
                                    bert_error *error)
{
    json_t *value = corpus_counts_to_json(counts);
    char *dumped = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (!dumped)
        return error_set(error, BERT_ERROR_MEMORY, "no memory to describe a corpus");
    json->length = 0;
    text out = {json->data, json->length, json->capacity};
    bert_status status = text_append(&out, dumped, strlen(dumped), error);
    *json = (bert_text){out.data, out.length, out.capacity};
    free(dumped);
    return status;
}
