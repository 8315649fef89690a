/* Files that nobody here wrote, all of those in ../shared/data that hold tables, dumps or ids: each
 * is read, WikiText comes out of Parquet and Arrow as it went in, and the pre-tokenized ids train.
 */
#include "tiny_run.h"

#include "corpus/table.h"
#include "formats/json.h"

#include <ftw.h>
#include <math.h>

#define SHARED "../shared/data/"

static int wikitext_files, other_tables, id_files, dumps, others;
static text wikitext;

static bool contains(const char *path, const char *part)
{
    return strstr(path, part) != NULL;
}

/* Rows of the two columns; the text of the first one, and the sum of the second. */
static uint64_t read_table(const char *path, const char *column, const char *number, text *content,
                           uint64_t *sum)
{
    const char *columns[] = {column, number};
    const table_settings settings = {columns, number ? 2 : 1, "Name them", false};
    table_file table;
    table_cell cells[2];
    uint64_t rows = 0;
    assert_ok(table_open(&table, path, &settings, error));
    for (;; rows++) {
        bool found;
        assert_ok(table_next(&table, cells, &found, error));
        if (!found)
            break;
        /* A blank line of WikiText is an empty row in all of these files. */
        if (content && cells[0].length == 0)
            assert_ok(text_append(content, " \n", 2, error));
        else if (content)
            assert_ok(text_append(content, cells[0].data, cells[0].length, error));
        if (number)
            *sum += strtoull(cells[1].data, NULL, 10);
    }
    table_close(&table);
    return rows;
}

static void check_wikitext(const char *path)
{
    text rows = {0};
    assert_int_equal(read_table(path, "text", NULL, &rows, NULL), 3760);
    assert_int_equal(rows.length, wikitext.length);
    assert_memory_equal(rows.data, wikitext.data, rows.length);
    text_free(&rows);
    wikitext_files++;
}

static void check_labelled(const char *path)
{
    static const struct {
        const char *part, *column;
        uint64_t rows;
    } tables[] = {{"SST-2-val", "sentence", 872},
                  {"text-label/test", "text", 1047},
                  {"text-label/train", "text", 2411}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (!contains(path, tables[i].part))
            continue;
        text content = {0};
        assert_int_equal(read_table(path, tables[i].column, NULL, &content, NULL), tables[i].rows);
        assert_true(content.length > 30 * tables[i].rows);
        text_free(&content);
        other_tables++;
        return;
    }
    fail_msg("%s: a table that this test does not know", path);
}

static void check_ids(const char *path)
{
    uint64_t labels = 0;
    assert_int_equal(read_table(path, "next_sentence_label", "next_sentence_label", NULL, &labels),
                     3083);
    assert_int_equal(labels, 2018);
    id_files++;
}

static bert_status count_document(void *context, const char *data, size_t length, bert_error *error)
{
    (void)error;
    (void)data;
    *(size_t *)context += length > 0;
    return BERT_OK;
}

static size_t count_documents(const char *path)
{
    size_t count = 0;
    assert_ok(bert_read_documents(&path, 1, NULL, count_document, &count, NULL, NULL, error));
    return count;
}

static int visit(const char *path, const struct stat *information, int type)
{
    (void)information;
    if (type != FTW_F)
        return 0;
    if (contains(path, "wikitext-made/")) {
        check_wikitext(path);
    } else if (contains(path, ".parquet")) {
        check_labelled(path);
    } else if (contains(path, ".arrow") || contains(path, ".zip")) {
        check_ids(path);
    } else if (contains(path, ".bz2")) {
        assert_int_equal(count_documents(path), contains(path, "shortened") ? 106 : 5);
        dumps++;
    } else if (contains(path, ".json")) { /* what save_to_disk writes beside the rows */
        json_t *value;
        assert_ok(json_read(&value, path, error));
        json_decref(value);
        others++;
    } else {
        assert_true(count_documents(path) > 0);
        others++;
    }
    return 0;
}

static void skip_without_data(void)
{
    if (path_is_directory(SHARED "parquet"))
        return;
    print_message("skipped: no shared data\n");
    skip();
}

static void test_every_file(void **state)
{
    (void)state;
    skip_without_data();
    assert_ok(file_read(&wikitext, SHARED "wikitext/wiki.valid.raw", 1 << 24, error));
    assert_int_equal(ftw(SHARED "parquet", visit, 8), 0);
    assert_int_equal(ftw(SHARED "rocm-dataset", visit, 8), 0);
    assert_int_equal(ftw(SHARED "wikipedia", visit, 8), 0);
    text_free(&wikitext);
    print_message("%d forms of WikiText the same, %d other tables, %d files of ids, %d dumps, %d "
                  "others\n",
                  wikitext_files, other_tables, id_files, dumps, others);
    assert_true(wikitext_files >= 10 && other_tables >= 3 && id_files >= 2 && dumps >= 2);
}

static void test_ids_train(void **state)
{
    (void)state;
    skip_without_data();
    static const char config[] =
        "{\"model_type\": \"bert\", \"architectures\": [\"BertForPreTraining\"],\n"
        " \"vocab_size\": 28996, \"hidden_size\": 32, \"num_hidden_layers\": 1,\n"
        " \"num_attention_heads\": 2, \"intermediate_size\": 64, \"hidden_act\": \"gelu\",\n"
        " \"max_position_embeddings\": 128, \"type_vocab_size\": 2}\n";
    const char *model = tiny_path("cased.json"), *run = tiny_path("run");
    assert_ok(file_write(model, config, strlen(config), error));
    bert_pretrain_params params = tiny_params(run);
    params.data = SHARED "rocm-dataset/wikiTokenizedValid.hf";
    params.tokenizer = SHARED "vocab/bert-base-cased";
    params.model = model;
    params.max_seq_length = 128;
    params.max_steps = 2;
    params.logging_steps = 1;
    params.eval_steps = 0; /* no validation split comes with it */
    bert_pretrain_result result = tiny_pretrain(&params);
    assert_int_equal(result.steps, 2);
    /* ln 28996 + ln 2 is 10.97 where nothing is known. */
    double loss = last_metric(run, "loss");
    if (!(loss > 10 && loss < 11.5))
        fail_msg("the loss is %g", loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file),
        cmocka_unit_test(test_ids_train),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
