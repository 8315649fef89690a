#include "tasks/glue.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define HINT "Is this the GLUE task's own file?"

/* The columns of a training file, and of a test file, which has the same texts but no labels. */
#define PAIR_OF(first, second, label_name, ...)                                                 \
    .columns = {.text = first, .pair = second, .label = label_name, .hint = HINT, __VA_ARGS__}, \
    .test_columns = {.text = first, .pair = second, .hint = HINT}
#define ONE_FILE_EACH(answers)                       \
    .validation = {{.file = "dev.tsv", .name = ""}}, \
    .test = {{.file = "test.tsv", .name = "", .submission = answers}}
#define MNLI(task_name)                                               \
    .name = task_name, .folder = "MNLI",                              \
    PAIR_OF("sentence1", "sentence2", "gold_label", .no_label = "-"), \
    .labels = {"entailment", "neutral", "contradiction"},             \
    .class_names = {"entailment", "neutral", "contradiction"}, .scores = SCORES_ACCURACY
/* AX, whose sentences were written to find out what a model of MNLI knows; a submission needs it.
 */
#define DIAGNOSTIC                                                                           \
    {                                                                                        \
        .file = "../diagnostic/diagnostic.tsv", .name = "diagnostic", .submission = "AX.tsv" \
    }
#define ENTAILMENT                                                                               \
    .labels = {"entailment", "not_entailment"}, .class_names = {"entailment", "not_entailment"}, \
    .scores = SCORES_ACCURACY

static const glue_task tasks[] = {
    {.name = "cola",
     .folder = "CoLA",
     /* source, label, the author's own mark, sentence; no row of names but in test.tsv */
     .columns = {.text = "4", .label = "2", .hint = HINT},
     .test_columns = {.text = "sentence", .hint = HINT},
     .labels = {"0", "1"},
     .class_names = {"unacceptable", "acceptable"},
     .scores = SCORES_MATTHEWS,
     ONE_FILE_EACH("CoLA.tsv")},
    {.name = "sst2",
     .folder = "SST-2",
     PAIR_OF("sentence", NULL, "label"),
     .labels = {"0", "1"},
     .class_names = {"negative", "positive"},
     .scores = SCORES_ACCURACY,
     ONE_FILE_EACH("SST-2.tsv")},
    {.name = "mrpc",
     .folder = "MRPC",
     PAIR_OF("#1 String", "#2 String", "Quality"),
     .labels = {"0", "1"},
     .class_names = {"not_equivalent", "equivalent"},
     .scores = SCORES_ACCURACY_F1,
     ONE_FILE_EACH("MRPC.tsv")},
    {.name = "stsb",
     .folder = "STS-B",
     PAIR_OF("sentence1", "sentence2", "score"),
     .scores = SCORES_CORRELATIONS,
     ONE_FILE_EACH("STS-B.tsv")},
    {.name = "qqp",
     .folder = "QQP",
     /* Some questions of the training file hold tabs or line breaks. */
     PAIR_OF("question1", "question2", "is_duplicate", .skips_bad_rows = true),
     .labels = {"0", "1"},
     .class_names = {"not_duplicate", "duplicate"},
     .scores = SCORES_ACCURACY_F1,
     ONE_FILE_EACH("QQP.tsv")},
    {MNLI("mnli"),
     .validation = {{.file = "dev_matched.tsv", .name = ""},
                    {.file = "dev_mismatched.tsv", .name = "mismatched"}},
     .test = {{.file = "test_matched.tsv", .name = "", .submission = "MNLI-m.tsv"},
              {.file = "test_mismatched.tsv", .name = "mismatched", .submission = "MNLI-mm.tsv"},
              DIAGNOSTIC}},
    {MNLI("mnli-mm"), .validation = {{.file = "dev_mismatched.tsv", .name = ""}},
     .test = {{.file = "test_mismatched.tsv", .name = "", .submission = "MNLI-mm.tsv"}}},
    {.name = "qnli",
     .folder = "QNLI",
     PAIR_OF("question", "sentence", "label"),
     ENTAILMENT,
     ONE_FILE_EACH("QNLI.tsv")},
    {.name = "rte",
     .folder = "RTE",
     PAIR_OF("sentence1", "sentence2", "label"),
     ENTAILMENT,
     ONE_FILE_EACH("RTE.tsv")},
    {.name = "wnli",
     .folder = "WNLI",
     PAIR_OF("sentence1", "sentence2", "label"),
     .labels = {"0", "1"},
     .class_names = {"not_entailment", "entailment"},
     .scores = SCORES_ACCURACY,
     ONE_FILE_EACH("WNLI.tsv")},
};

const glue_task *glue_task_find(const char *name)
{
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        if (strcmp(tasks[i].name, name) == 0)
            return &tasks[i];
    return NULL;
}

bert_status glue_folder(char **folder, const glue_task *task, const char *data, bert_error *error)
{
    char *training = NULL;
    TRY(path_join(folder, data, task->folder, error));
    bert_status status = BERT_OK;
    if (!path_is_directory(*folder)) {
        status = path_join(&training, data, "train.tsv", error);
        if (status == BERT_OK && !file_exists(training))
            status =
                error_set(error, BERT_ERROR_IO,
                          "%s: holds neither a folder %s nor a file train.tsv", data, task->folder);
        free(training);
        free(*folder);
        *folder = NULL;
        if (status == BERT_OK)
            status = path_format(folder, error, "%s", data);
    }
    return status;
}
