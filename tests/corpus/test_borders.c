/* Borders of documents and sentences: document_separator, document_column, sentence_separator. */
#include "scratch.h"

#include "bert.h"
#include "corpus/corpus.h"

/* The documents of the inputs, each with its sentences' borders: "|" rules, "/" each line is a
 * sentence, "=" the document is one. The messages are kept in `said`. */
static text found;
static char said[1024];

static void keep_message(void *context, bert_message_level level, const char *message)
{
    (void)context;
    (void)level;
    snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", message);
}

static bert_status read_all(corpus *corpus, bert_error *problem)
{
    static const char marks[] = {
        [SENTENCES_BY_RULES] = '|', [SENTENCES_ARE_LINES] = '/', [SENTENCE_IS_DOCUMENT] = '='};
    document document = {0};
    bert_status status;
    bool more = true;
    while ((status = corpus_next(corpus, &document, &more, problem)) == BERT_OK && more)
        assert_ok(text_format(&found, NULL, "%.*s%c", (int)document.length, document.data,
                              marks[corpus->origin.borders]));
    text_free(&document);
    return status;
}

static bert_status read_inputs(const char *const *inputs, size_t count,
                               const bert_reader_options *options, bert_error *error)
{
    corpus corpus;
    text_free(&found);
    said[0] = '\0';
    bert_status status = corpus_open(&corpus, inputs, count, options, error);
    if (status == BERT_OK)
        status = read_all(&corpus, error);
    corpus_warn(&corpus, &(bert_observer){.message = keep_message});
    corpus_close(&corpus);
    return status;
}

static bert_reader_options borders(bert_document_separator documents,
                                   bert_sentence_separator sentences)
{
    bert_reader_options options = bert_reader_options_default();
    options.document_separator = documents;
    options.sentence_separator = sentences;
    return options;
}

static void assert_read(const bert_reader_options *options, const char *name, const char *content,
                        const char *expected)
{
    const char *path = scratch_write(name, content);
    assert_ok(read_inputs(&path, 1, options, error));
    assert_string_equal(found.data, expected);
}

static const bert_document_separator UNSET = BERT_DOCUMENT_SEPARATOR_UNSET;

static void test_documents_of_text(void **state)
{
    (void)state;
    static const char content[] = "One a\nb.\n\nTwo.\n \nThree.\n";
    static const struct {
        bert_document_separator separator;
        const char *expected;
    } cases[] = {
        {BERT_DOCUMENT_SEPARATOR_UNSET, "One a b.|Two.|Three.|"},
        {BERT_DOCUMENT_SEPARATOR_BLANK_LINE, "One a b.|Two.|Three.|"},
        {BERT_DOCUMENT_SEPARATOR_LINE, "One a|b.|Two.|Three.|"},
        {BERT_DOCUMENT_SEPARATOR_FILE, "One a b.\nTwo.\nThree.|"},
        {BERT_DOCUMENT_SEPARATOR_NONE, "One a b.\nTwo.\nThree.|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_reader_options options = borders(cases[i].separator, BERT_SENTENCE_SEPARATOR_AUTO);
        assert_read(&options, "a.txt", content, cases[i].expected);
        assert_string_equal(said, "");
    }
}

/* `file` ends a document with each file, of an archive as well; `none` with each source. */
static void test_documents_across_files(void **state)
{
    (void)state;
    char a[300], b[300], c[300];
    snprintf(a, sizeof a, "%s", scratch_write("a.txt", "One.\n\nTwo.\n"));
    snprintf(b, sizeof b, "%s", scratch_write("b.txt", "\n\nThree.\n"));
    snprintf(c, sizeof c, "other=%s", scratch_write("c.txt", "Four.\n\nFive.\n"));
    const char *inputs[] = {a, b, c};
    bert_reader_options options =
        borders(BERT_DOCUMENT_SEPARATOR_FILE, BERT_SENTENCE_SEPARATOR_AUTO);
    assert_ok(read_inputs(inputs, 3, &options, error));
    assert_string_equal(found.data, "One.\nTwo.|Three.|Four.\nFive.|");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_NONE;
    assert_ok(read_inputs(inputs, 3, &options, error));
    assert_string_equal(found.data, "One.\nTwo.\nThree.|Four.\nFive.|");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_UNSET;
    assert_ok(read_inputs(inputs, 3, &options, error));
    assert_string_equal(found.data, "One.|Two.|Three.|Four.|Five.|");
}

/* Weights and cleaning see the joined documents. */
static void test_joined_before_cleaning(void **state)
{
    (void)state;
    bert_reader_options options =
        borders(BERT_DOCUMENT_SEPARATOR_FILE, BERT_SENTENCE_SEPARATOR_AUTO);
    options.cleaning.min_words = 3;
    assert_read(&options, "a.txt", "One\n\nTwo\n\nThree\n", "One\nTwo\nThree|");
    char input[320];
    snprintf(input, sizeof input, "twice=%s:2", scratch_write("b.txt", "One\n\nTwo b\n"));
    const char *inputs[] = {input};
    assert_ok(read_inputs(inputs, 1, &options, error));
    assert_string_equal(found.data, "One\nTwo b|One\nTwo b|");
}

/* A format that says what a document is keeps its documents. */
static void test_formats_with_documents(void **state)
{
    (void)state;
    bert_reader_options options =
        borders(BERT_DOCUMENT_SEPARATOR_FILE, BERT_SENTENCE_SEPARATOR_AUTO);
    static const char wikitext[] = " = A = \n \n One. \n \n = B = \n \n Two. \n";
    assert_read(&options, "wiki.txt", wikitext, "One.|Two.|");
    assert_non_null(strstr(said, "options->document_separator applies to plain text and tables"));
    char path[300];
    snprintf(path, sizeof path, "%s", scratch_write("wiki.txt", wikitext));
    const char *inputs[] = {path, scratch_write("a.txt", "Three.\n\nFour.\n")};
    assert_ok(read_inputs(inputs, 2, &options, error));
    assert_string_equal(found.data, "One.|Two.|Three.\nFour.|");
    assert_string_equal(said, "");
    options.format = BERT_FORMAT_TEXT;
    assert_read(&options, "wiki.txt", wikitext, "= A =\nOne.\n= B =\nTwo.|");
}

static void test_documents_of_tables(void **state)
{
    (void)state;
    static const char table[] = "id\ttext\n1\tOne. Two.\n1\tThree\n2\t\n2\tFour\n1\tFive\n";
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_AUTO);
    assert_read(&options, "a.tsv", table, "One. Two.|Three|Four|Five|");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_LINE;
    assert_read(&options, "a.tsv", table, "One. Two.|Three|Four|Five|");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_BLANK_LINE;
    assert_read(&options, "a.tsv", table, "One. Two.\nThree|Four\nFive|");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_FILE;
    assert_read(&options, "a.tsv", table, "One. Two.\nThree\nFour\nFive|");
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_ROW;
    assert_read(&options, "a.tsv", table, "One. Two.\nThree\nFour\nFive/");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_UNSET;
    options.document_column = "id";
    assert_read(&options, "a.tsv", table, "One. Two.\nThree/Four/Five/");
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_NONE;
    assert_read(&options, "a.tsv", table, "One. Two.\nThree=Four=Five=");
}

static void test_document_column(void **state)
{
    (void)state;
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_AUTO);
    options.document_column = "book";
    /* Several columns of text, the column of documents between them, and values that are the
     * beginning of another. */
    options.text_field = "b,a";
    assert_read(&options, "a.csv", "a,book,b\n1,x,2\n3,x,4\n5,xy,6\n7,,8\n9,,\"1\n0\"\n",
                "2\n1\n4\n3|6\n5|8\n7\n1\n0\n9|");
    /* A row is one sentence: its line breaks are spaces. */
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_ROW;
    assert_read(&options, "a.csv", "a,book,b\n1,x,2\n9,x,\"1\n0\"\n", "2 1\n1 0 9/");
    assert_read(&options, "a.jsonl", "{\"book\": 1, \"a\": \"9\", \"b\": \"1\\r\\n0\"}\n",
                "1  0 9/");
    /* Without a row of names, by number. */
    options.document_column = "1";
    options.text_field = "2";
    assert_read(&options, "b.tsv", "x\tone\nx\ttwo\ny\tthree\n", "one\ntwo/three/");
    const char *path = scratch_write("b.tsv", "x\tone\nx\ttwo\ny\tthree\n");
    options.document_column = "3";
    assert_fails(read_inputs(&path, 1, &options, error), BERT_ERROR_INPUT,
                 "b.tsv:1: has 2 columns, but column 3 was requested");
    /* The only other column is the text. */
    options.text_field = NULL;
    options.document_column = "book";
    assert_read(&options, "c.csv", "book,line\nx,1\nx,2\n", "1\n2/");
    options.document_column = "volume";
    path = scratch_write("c.csv", "book,line\nx,1\nx,2\n");
    assert_fails(read_inputs(&path, 1, &options, error), BERT_ERROR_INPUT,
                 "c.csv:1: has no column \"volume\"; the columns are: book, line. Name another by "
                 "options->document_column");
    assert_read(&options, "d.txt", "Prose.\n", "Prose.|");
    assert_non_null(strstr(said, "options->document_column names a column of a table, but"));
    assert_non_null(strstr(said, "options->sentence_separator is row, but no input is a table"));
    options.document_separator = BERT_DOCUMENT_SEPARATOR_FILE;
    assert_fails(read_inputs(&path, 1, &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "options->document_column and options->document_separator both say");
}

static void test_document_column_of_bytes(void **state)
{
    (void)state;
    static const char *const paths[] = {"tests/formats/tables/bytes.parquet",
                                        "tests/formats/tables/kinds.arrow"};
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_AUTO);
    options.text_field = options.document_column = "text";
    assert_ok(read_inputs(&paths[0], 1, &options, error));
    assert_string_equal(found.data, "one|two|three|");
    options.text_field = options.document_column = "binary";
    assert_ok(read_inputs(&paths[1], 1, &options, error));
    assert_string_equal(found.data, "One line.|A line of more than twelve bytes.|Five|");
}

static void test_stated_sentences(void **state)
{
    (void)state;
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_LINE);
    assert_read(&options, "a.txt", "One. a\nb.\n\nTwo.\n", "One. a\nb./Two./");
    options.document_separator = BERT_DOCUMENT_SEPARATOR_FILE;
    assert_read(&options, "a.txt", "One. a\nb.\n\nTwo.\n", "One. a\nb.\nTwo./");
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_NONE;
    assert_read(&options, "a.txt", "One. a\nb.\n\nTwo.\n", "One. a b.\nTwo.=");
    assert_string_equal(said, "");
}

/* What text looks like (corpus/line_kind.h). */
static void test_lines_that_are_sentences(void **state)
{
    (void)state;
    static const struct {
        const char *content, *expected;
    } cases[] = {
        /* Lower-cased, a sentence in each line. */
        {"the cat sat .\nit ran away .\nwho saw it ?\nno one did .\n\nthe end came soon .\n",
         "the cat sat .\nit ran away .\nwho saw it ?\nno one did ./the end came soon ./"},
        {"he said \" no . \"\nshe left.\n\"why?\"\nmr. x knew.\n",
         "he said \" no . \"\nshe left.\n\"why?\"\nmr. x knew./"},
        /* Lower-cased without punctuation; lines of chat, captions. */
        {"a dog on a bed\nthree men near a boat are fishing\na cup\nsomeone throws a ball at a "
         "wall\n"
         "two\n",
         "a dog on a bed\nthree men near a boat are fishing\na cup\nsomeone throws a ball at a "
         "wall\n"
         "two/"},
        {"A dog on a bed\nThree men near a boat are fishing\nA cup\nSomeone throws a ball\nTwo\n",
         "A dog on a bed\nThree men near a boat are fishing\nA cup\nSomeone throws a ball\nTwo/"},
        /* Lower-cased paragraphs: their lines are borders, rules split them further. */
        {"one is here. two is there. three left.\nfour. five. six!\nseven it is. eight.\n9. ten.\n",
         "one is here. two is there. three left.\nfour. five. six!\nseven it is. eight.\n9. ten.|"},
        /* Wrapped prose, verse, sentences with capitals, too little to tell. */
        {"It was a bright cold day in April, and\nthe clocks were striking thirteen. A man\n"
         "slipped quickly through the doors, and\nnot quickly enough to stop the dust.\n",
         "It was a bright cold day in April, and the clocks were striking thirteen. A man "
         "slipped quickly through the doors, and not quickly enough to stop the dust.|"},
        {"Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\n"
         "Could frame thy fearful symmetry?\n",
         "Tyger Tyger, burning bright, In the forests of the night; What immortal hand or eye, "
         "Could frame thy fearful symmetry?|"},
        {"One is here.\nTwo is there, far away.\nThree.\nFour, at last, is gone.\n",
         "One is here. Two is there, far away. Three. Four, at last, is gone.|"},
        {"a b\nc\nd\n", "a b c d|"},
        /* A book's title and contents. */
        {"A BOOK\nBy One\n\nCHAPTER I\n\nCHAPTER II\n\nCHAPTER III\n",
         "A BOOK By One|CHAPTER I|CHAPTER II|CHAPTER III|"},
        /* Lower-cased and wrapped, with the last words of sentences anywhere. */
        {"it was a bright cold day in april, and\nthe clocks were striking thirteen. a man\n"
         "slipped quickly through the doors, and\nnot quickly enough to stop the dust.\n",
         "it was a bright cold day in april, and the clocks were striking thirteen. a man "
         "slipped quickly through the doors, and not quickly enough to stop the dust.|"},
    };
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_AUTO);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_read(&options, "a.txt", cases[i].content, cases[i].expected);
        bool is_said = strstr(said, "1 file has a sentence in each line, the first ") != NULL;
        assert_int_equal(is_said, strchr(cases[i].expected, '/') != NULL);
    }
    /* Unless the options say otherwise. */
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_PUNCTUATION;
    assert_read(&options, "a.txt", cases[0].content,
                "the cat sat . it ran away . who saw it ? no one did .|the end came soon .|");
    assert_string_equal(said, "");
}

/* Elements of lists are sentences in JSON, too; of an object of documents and one below a star. */
static void test_lists_of_json(void **state)
{
    (void)state;
    bert_reader_options options = bert_reader_options_default();
    assert_read(&options, "a.jsonl",
                "{\"text\": [\"A. B.\", \"C\\nc.\"]}\n{\"text\": \"D. E.\"}\n"
                "{\"text\": [\"F.\", null]}\n",
                "A. B.\nC c./D. E.|F./");
    assert_read(&options, "a.json", "{\"d1\": [\"A. B.\", \"C.\"], \"d2\": [[\"D.\"], \"E.\"]}",
                "A. B.\nC./D.\nE./");
    assert_read(&options, "b.json", "[[\"A. B.\"], \"C. D.\"]", "A. B./C. D.|");
    options.text_field = "data.*.turns.content";
    const char *chat =
        "{\"data\": [{\"turns\": [{\"content\": \"A. B.\"}, {\"content\": \"C.\"}]}]}";
    assert_read(&options, "chat.json", chat, "A. B.\nC./");
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_PUNCTUATION;
    assert_read(&options, "chat.json", chat, "A. B.\nC.|");
    options.text_field = "title,text"; /* a title and sentences */
    options.sentence_separator = BERT_SENTENCE_SEPARATOR_AUTO;
    assert_read(&options, "t.json", "{\"title\": \"T\", \"text\": [\"A.\", \"B.\"]}", "T\nA.\nB.|");
}

/* The first lines of a file are not like the others: it is looked at in several places. */
static void test_long_front_matter(void **state)
{
    (void)state;
    text content = {0};
    for (int i = 0; i < 700; i++)
        assert_ok(text_format(&content, error, "Chapter %d\nOf something\n", i));
    for (int i = 0; i < 3000; i++)
        assert_ok(text_format(&content, error,
                              "It was a bright cold day in April number %d, and\n"
                              "the clocks were striking thirteen. A man fled.\n",
                              i + 1000));
    bert_reader_options options = borders(UNSET, BERT_SENTENCE_SEPARATOR_AUTO);
    const char *path = scratch_write("a.txt", content.data);
    assert_ok(read_inputs(&path, 1, &options, error));
    assert_non_null(strstr(found.data, "April number 1000, and the clocks"));
    assert_string_equal(said, "");
    text_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_documents_of_text, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_documents_across_files, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_joined_before_cleaning, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_formats_with_documents, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_documents_of_tables, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_document_column, scratch_make, scratch_remove),
        cmocka_unit_test(test_document_column_of_bytes),
        cmocka_unit_test_setup_teardown(test_stated_sentences, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_long_front_matter, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_lines_that_are_sentences, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(test_lists_of_json, scratch_make, scratch_remove),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    text_free(&found);
    return failed;
}
