#include "dataset/pretokenized.h"

#include "base/memory.h"
#include "base/observer.h"
#include "dataset/id_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { IDS, TYPES, ATTENTION, SPECIAL, MASKED, LABEL, COLUMNS };
static const id_column columns[COLUMNS] = {
    [IDS] = {.name = "input_ids", .is_list = true, .is_needed = true},
    [TYPES] = {.name = "token_type_ids", .is_list = true},
    [ATTENTION] = {.name = "attention_mask", .is_list = true},
    [SPECIAL] = {.name = "special_tokens_mask", .is_list = true},
    [MASKED] = {.name = "labels", .is_list = true, .may_differ = true}, /* else of a class */
    [LABEL] = {.name = "next_sentence_label"},
};

enum { NOT_MASKED = -100 }; /* in `labels` */

typedef struct import {
    const bert_tokenizer *tokenizer;
    tokenizer_special_ids special;
    dataset_writer *writer;
    source source;
    id_table *table;
    bool had_labels; /* the first file has them, so all must */
    uint64_t rows, row_of_file;
    id_cells row[COLUMNS];
    size_t first, end; /* the tokens of the row that are not padding */
    int32_t *part;     /* [part_capacity] the tokens of a segment, owned */
    size_t part_capacity;
    uint8_t *labels, *frames; /* [rows], owned */
    size_t label_capacity, frame_capacity;
    int64_t first_id, last_id; /* of the first row */
    bool ends_vary;            /* another row has others */
    bool has_frames;           /* any of them is not 0 */
    bool has_special;          /* [CLS] or [SEP] was seen */
    uint64_t masked, replaced; /* ids restored: of [MASK], of other tokens */
    pretokenized_counts counts;
} import;

/* ------------------------------------------------------------------------------------ rows --- */

static bert_status row_error(const import *import, bert_error *error, const char *what)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: row %" PRIu64 ": %s", import->source.name,
                     import->row_of_file, what);
}

static bert_status name_row(const import *import, char **name, bert_error *error)
{
    free(*name);
    *name = NULL;
    return path_format(name, error, "%s: row %" PRIu64, import->source.name, import->row_of_file);
}

static bert_status skip_row(import *import, bert_error *error)
{
    return import->counts.skipped++ > 0 ? BERT_OK
                                        : name_row(import, &import->counts.first_skipped, error);
}

static bool has(const import *import, int column)
{
    return id_table_has(import->table, (size_t)column);
}

static bert_status read_row(import *import, bert_error *error)
{
    size_t count = 0;
    for (int column = 0; column < COLUMNS; column++) {
        id_cells *cells = &import->row[column];
        TRY(id_table_cells(import->table, (size_t)column, cells, error));
        if (column == IDS)
            count = cells->count;
        else if (column == MASKED && cells->count == 0) /* a row that is not masked */
            continue;
        else if (has(import, column) && columns[column].is_list && cells->count != count)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: row %" PRIu64 ": %s and input_ids differ in length, %zu and %zu",
                             import->source.name, import->row_of_file, columns[column].name,
                             cells->count, count);
    }
    return BERT_OK;
}

static bert_status check_id(const import *import, int64_t id, bert_error *error)
{
    size_t vocab_size = bert_tokenizer_vocab_size(import->tokenizer);
    if (id >= 0 && (uint64_t)id < vocab_size)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: row %" PRIu64 ": id %" PRId64
                     ", but the tokenizer has %zu tokens; is params->tokenizer the one that the "
                     "data was made with?",
                     import->source.name, import->row_of_file, id, vocab_size);
}

/* Ids whose `labels` say what they were before they were masked. */
static bert_status restore_masked(import *import, bert_error *error)
{
    int64_t *ids = import->row[IDS].values;
    const id_cells *labels = &import->row[MASKED];
    for (size_t i = 0; i < labels->count; i++) {
        if (labels->values[i] == NOT_MASKED || labels->values[i] == ids[i])
            continue;
        TRY(check_id(import, labels->values[i], error));
        (*(ids[i] == import->special.mask ? &import->masked : &import->replaced))++;
        ids[i] = labels->values[i];
    }
    return BERT_OK;
}

/* Finds the tokens that are not padding, which may be on either side. */
static bert_status find_tokens(import *import, bert_error *error)
{
    const id_cells *ids = &import->row[IDS], *attention = &import->row[ATTENTION];
    bool has_attention = has(import, ATTENTION);
    const int64_t *values = has_attention ? attention->values : ids->values;
    int64_t padding = has_attention ? 0 : import->special.pad;
    size_t first = 0, end = ids->count;
    while (end > 0 && values[end - 1] == padding)
        end--;
    while (first < end && values[first] == padding)
        first++;
    for (size_t i = first; i < end && has_attention; i++)
        if (values[i] != 1)
            return row_error(import, error,
                             "attention_mask, expected ones with zeros before or after them alone");
    import->first = first;
    import->end = end;
    return BERT_OK;
}

static bert_status check_tokens(import *import, bool *has_text, bert_error *error)
{
    const int64_t *ids = import->row[IDS].values;
    const tokenizer_special_ids *special = &import->special;
    *has_text = false;
    for (size_t i = import->first; i < import->end; i++) {
        TRY(check_id(import, ids[i], error));
        if (ids[i] == special->mask)
            return row_error(import, error,
                             "contains [MASK]; expected ids that are not masked yet, or a column "
                             "labels with the masked ones");
        if (has(import, SPECIAL) && import->row[SPECIAL].values[i] == 1 &&
            !tokenizer_is_special(import->tokenizer, (int32_t)ids[i]))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: row %" PRIu64 ": special_tokens_mask marks id %" PRId64
                             ", which is \"%s\" in the tokenizer; is params->tokenizer the one "
                             "that the data was made with?",
                             import->source.name, import->row_of_file, ids[i],
                             bert_tokenizer_token(import->tokenizer, (int32_t)ids[i]));
        bool is_frame = ids[i] == special->cls || ids[i] == special->sep;
        import->has_special |= is_frame;
        *has_text |= !is_frame && ids[i] != special->pad;
    }
    return BERT_OK;
}

/* Where the tokens of type 1 begin; the end where there are none. */
static bert_status find_second_part(const import *import, size_t *second, bert_error *error)
{
    const int64_t *types = import->row[TYPES].values;
    *second = import->end;
    if (!has(import, TYPES))
        return BERT_OK;
    while (*second > import->first && types[*second - 1] == 1)
        --*second;
    for (size_t i = import->first; i < *second; i++)
        if (types[i] != 0)
            return row_error(import, error, "token_type_ids, expected zeros followed by ones");
    if (*second < import->end && (*second < import->first + 2 ||
                                  import->row[IDS].values[*second - 1] != import->special.sep))
        return row_error(import, error, "no [SEP] before the tokens of type 1");
    return BERT_OK;
}

static bert_status write_part(import *import, size_t first, size_t end, bert_error *error)
{
    TRY(memory_grow((void **)&import->part, &import->part_capacity, end - first,
                    sizeof *import->part, "a segment of a sample", error));
    for (size_t i = first; i < end; i++)
        import->part[i - first] = (int32_t)import->row[IDS].values[i];
    return dataset_writer_sentence(import->writer, import->part, end - first, error);
}

static bert_status add_label(import *import, bert_error *error)
{
    const id_cells *label = &import->row[LABEL];
    if (!import->had_labels)
        return BERT_OK;
    if (label->count != 1 || (label->values[0] != 0 && label->values[0] != 1))
        return row_error(import, error, "next_sentence_label, expected 0 or 1");
    TRY(memory_grow((void **)&import->labels, &import->label_capacity, import->rows + 1, 1,
                    "labels of pairs", error));
    import->labels[import->rows] = (uint8_t)label->values[0];
    return BERT_OK;
}

/* Writes the row without [CLS] and the last [SEP], and notes where it has none. */
static bert_status write_row(import *import, size_t second, bert_error *error)
{
    const int64_t *ids = import->row[IDS].values;
    size_t first = import->first, end = import->end;
    bool has_cls = ids[first] == import->special.cls, has_sep = ids[end - 1] == import->special.sep;
    bool is_pair = second < end;
    if (is_pair && !(has_cls && has_sep))
        return row_error(import, error,
                         "expected [CLS] first and [SEP] last, with the tokenizer's ids; is "
                         "params->tokenizer the one that the data was made with?");
    if (import->had_labels && !is_pair)
        return row_error(import, error, "has a next_sentence_label, but no tokens of type 1");
    first += has_cls;
    end -= has_sep;
    if (is_pair && (first == second - 1 || second == end))
        return skip_row(import, error);
    TRY(write_part(import, first, is_pair ? second - 1 : end, error));
    if (is_pair)
        TRY(write_part(import, second, end, error));
    TRY(add_label(import, error));
    TRY(memory_grow((void **)&import->frames, &import->frame_capacity, import->rows + 1, 1,
                    "rows of ids", error));
    import->frames[import->rows] =
        (uint8_t)((has_cls ? 0 : ROW_WITHOUT_CLS) | (has_sep ? 0 : ROW_WITHOUT_SEP));
    import->has_frames |= import->frames[import->rows] != 0;
    import->rows++;
    return dataset_writer_end_document(import->writer, error);
}

static bert_status note_row(import *import, bert_error *error)
{
    int64_t first = import->row[IDS].values[import->first];
    int64_t last = import->row[IDS].values[import->end - 1];
    if (import->rows == 0) {
        import->first_id = first;
        import->last_id = last;
    }
    import->ends_vary |= first != import->first_id || last != import->last_id;
    uint64_t length = import->end - import->first;
    if (length <= import->counts.longest)
        return BERT_OK;
    import->counts.longest = length;
    return name_row(import, &import->counts.longest_row, error);
}

static bert_status import_row(import *import, bert_error *error)
{
    bool has_text;
    size_t second;
    import->row_of_file++;
    TRY(read_row(import, error));
    TRY(restore_masked(import, error));
    TRY(find_tokens(import, error));
    TRY(check_tokens(import, &has_text, error));
    if (!has_text)
        return skip_row(import, error);
    TRY(find_second_part(import, &second, error));
    TRY(note_row(import, error));
    return write_row(import, second, error);
}

/* ----------------------------------------------------------------------------------- files --- */

static bert_status check_labels(import *import, bool is_first, bert_error *error)
{
    bool has_labels = has(import, LABEL);
    if (!is_first && has_labels != import->had_labels)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: %s next_sentence_label, unlike the previous files",
                         import->source.name, has_labels ? "has" : "has no");
    import->had_labels = has_labels;
    return BERT_OK;
}

static bert_status import_rows(import *import, bool is_first, bert_error *error)
{
    TRY(check_labels(import, is_first, error));
    for (import->row_of_file = 0;;) {
        bool found;
        TRY(id_table_next(import->table, &found, error));
        if (!found)
            return BERT_OK;
        TRY(import_row(import, error));
    }
}

/* An extracted file has the name that it has in its archive. */
static bert_status open_file(import *import, const pretokenized_file *file, bert_error *error)
{
    TRY(source_open(&import->source, file->path, ZSTD_WINDOW_LOG_LARGEST, error));
    free(import->source.name);
    import->source.name = NULL;
    TRY(path_format(&import->source.name, error, "%s", file->name));
    return id_table_open(&import->table, &import->source, columns, COLUMNS, error);
}

static bert_status import_file(import *import, const pretokenized_file *file, bool is_first,
                               bert_error *error)
{
    bert_status status = open_file(import, file, error);
    if (status == BERT_OK)
        status = import_rows(import, is_first, error);
    id_table_close(import->table);
    import->table = NULL;
    source_close(&import->source);
    return status;
}

/* Labels of another kind, such as the classes of tokens, differ from the ids without any [MASK]. A
 * tenth of the masked tokens are replaced by random ones. */
static bert_status check_masked(const import *import, const char *name, bert_error *error)
{
    if (import->replaced <= import->masked + 10)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: labels differ from %" PRIu64 " input_ids that are not [MASK] and %" PRIu64
                     " that are; expected the ids before they were masked, and %d elsewhere: "
                     "remove the column if it is of something else",
                     name, import->replaced, import->masked, NOT_MASKED);
}

/* Where all rows begin and end alike, but not with [CLS] and [SEP], these have other ids in the
 * tokenizer that made them. */
static bert_status check_ends(const import *import, const char *name, bert_error *error)
{
    enum { ROWS_ALIKE = 4 };
    if (import->ends_vary || import->rows < ROWS_ALIKE || import->first_id == import->special.cls ||
        import->last_id == import->special.sep)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: all rows begin with id %" PRId64 " and end with %" PRId64
                     ", expected [CLS] (%d) and [SEP] (%d), or different ones; is "
                     "params->tokenizer the one that the data was made with?",
                     name, import->first_id, import->last_id, (int)import->special.cls,
                     (int)import->special.sep);
}

static bert_status import_files(import *import, const pretokenized_files *files, bool is_evaluation,
                                bert_error *error)
{
    bool is_first = true;
    for (size_t i = 0; i < files->count; i++) {
        const pretokenized_file *file = &files->list[i];
        if (!(is_evaluation ? file->is_evaluation : file->is_training))
            continue;
        TRY(import_file(import, file, is_first, error));
        is_first = false;
    }
    import->counts.restored = import->masked + import->replaced;
    import->counts.has_no_special = !import->has_special;
    TRY(check_masked(import, files->name, error));
    TRY(check_ends(import, files->name, error));
    if (import->rows == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: no rows with text in its input_ids",
                         files->name);
    return BERT_OK;
}

/* The files are unlinked once they are open; messages use the data set's name. */
static bert_status open_nameless(dataset *data, const char *prefix, import *import,
                                 const char *name, bert_error *error)
{
    dataset_writer *writer = import->writer;
    import->writer = NULL; /* the commit frees it even if it fails */
    TRY(dataset_writer_commit(writer, error));
    TRY(dataset_open_all(data, name, (const char *const[]){prefix}, 1, error));
    char **shard_name = &data->shards[0].file.prefix;
    free(*shard_name);
    *shard_name = NULL;
    TRY(path_format(shard_name, error, "%s", name));
    data->is_pretokenized = true;
    data->rows = import->counts;
    import->counts = (pretokenized_counts){0};
    if (import->had_labels) {
        data->labels = import->labels;
        import->labels = NULL;
    }
    if (import->has_frames) {
        data->frames = import->frames;
        import->frames = NULL;
    }
    return BERT_OK;
}

static void release(import *import)
{
    dataset_writer_discard(import->writer);
    for (int i = 0; i < COLUMNS; i++)
        free(import->row[i].values);
    free(import->part);
    free(import->labels);
    free(import->frames);
    free(import->counts.first_skipped);
    free(import->counts.longest_row);
}

bert_status pretokenized_open(dataset *data, const pretokenized_files *files, bool is_evaluation,
                              const bert_tokenizer *tokenizer, bert_error *error)
{
    *data = (dataset){0};
import import = {.tokenizer = tokenizer, .special = tokenizer_special(tokenizer) };
    char *prefix = NULL, *directory = NULL;
    const char *temporary = getenv("TMPDIR");
    bert_status status;
    TRY_OR_GO(status,
              path_format(&directory, error, "%s/bert-XXXXXX",
                          temporary && *temporary ? temporary : "/tmp"),
              done);
    if (!mkdtemp(directory)) {
        status = error_set_errno(error, errno, "%s: cannot create a temporary folder", directory);
        goto done;
    }
    TRY_OR_GO(status, path_join(&prefix, directory, "data", error), remove);
    TRY_OR_GO(
        status,
        dataset_writer_open(&import.writer, prefix, bert_tokenizer_vocab_size(tokenizer), error),
        remove);
    TRY_OR_GO(status, import_files(&import, files, is_evaluation, error), remove);
    status = open_nameless(data, prefix, &import, files->name, error);
remove:
    directory_remove(directory, NULL);
done:
    if (status != BERT_OK)
        dataset_close(data);
    release(&import);
    free(prefix);
    free(directory);
    return status;
}

bool pretokenized_detect(const char *line)
{
    static const id_column ids = {.name = "input_ids", .is_list = true, .may_differ = true};
    source source = {.descriptor = -1};
    id_table *table = NULL;
    bool found;
    bool has_ids = pretokenized_files_open_first(line, &source, &found, NULL) == BERT_OK && found &&
                   id_table_open(&table, &source, &ids, 1, NULL) == BERT_OK &&
                   id_table_has(table, 0);
    id_table_close(table);
    source_close(&source);
    return has_ids;
}

/* ---------------------------------------------------------------------------------- report --- */

uint64_t pretokenized_row_length(const dataset *data, uint64_t row)
{
    uint64_t segments = dataset_document_start(data, row + 1) - dataset_document_start(data, row);
    uint64_t tokens =
        dataset_document_token_start(data, row + 1) - dataset_document_token_start(data, row);
    uint8_t frame = data->frames ? data->frames[row] : 0;
    return tokens + segments + !(frame & ROW_WITHOUT_CLS) - !!(frame & ROW_WITHOUT_SEP);
}

void pretokenized_announce(const dataset *data, int max_seq_length, const bert_observer *observer)
{
    const pretokenized_counts *rows = &data->rows;
    uint64_t longer = 0;
    for (uint64_t i = 0; data->is_pretokenized && i < data->document_count; i++)
        longer += pretokenized_row_length(data, i) > (uint64_t)max_seq_length;
    if (longer > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %" PRIu64 " of %" PRIu64
                         " rows are longer than %d tokens and are cut; the longest, with %" PRIu64
                         ", is %s",
                         data->prefix, longer, data->document_count, max_seq_length, rows->longest,
                         rows->longest_row);
    if (rows->skipped > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %" PRIu64 " rows without text, or with an empty segment, are "
                         "skipped; the first is %s",
                         data->prefix, rows->skipped, rows->first_skipped);
    if (rows->restored > 0)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: %" PRIu64 " ids that were masked or replaced are restored from the "
                         "column labels; masks are drawn here",
                         data->prefix, rows->restored);
    if (rows->has_no_special)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "%s: no row has [CLS] or [SEP], and none is added; is the tokenizer the "
                         "one that the data was made with?",
                         data->prefix);
}
