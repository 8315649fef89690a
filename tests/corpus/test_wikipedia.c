/* Wikipedia dumps: which pages are documents, the prose of their markup, and malicious dumps. */
#include "scratch.h"

#include "base/file.h"
#include "corpus/corpus.h"
#include "corpus/wiki_markup.h"
#include "kept.h"

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/dump.xml", scratch_directory);
    return 0;
}

static void assert_prose(const char *markup, const char *expected)
{
    text out = {0}, scratch = {0};
    wiki_namespaces namespaces = {0};
    assert_ok(text_append(&namespaces, "datei\n", 6, error));
    char *exact = malloc(strlen(markup) + 1);
    assert_non_null(exact);
    memcpy(exact, markup, strlen(markup));
    assert_ok(wiki_markup_append(&out, exact, strlen(markup), &namespaces, &scratch, error));
    if (strcmp(out.data ? out.data : "", expected) != 0)
        fail_msg("%s\n became: %s\nexpected: %s", markup, out.data ? out.data : "", expected);
    free(exact);
    text_free(&namespaces);
    text_free(&scratch);
    text_free(&out);
}

static void test_lines(void **state)
{
    (void)state;
    assert_prose("One line\nand the next.\n\nTwo.", "One line and the next.\nTwo.");
    assert_prose("== Heading ==\nText.\n=== Deeper===\n''More''.", "Text.\nMore.");
    assert_prose("* one\n** two\n# three\n; term : meaning\n: in",
                 "one\ntwo\nthree\nterm : meaning\nin");
    assert_prose("A.\n* item\nB\nc.", "A.\nitem\nB c.");
    assert_prose("A.\n----\nB.", "A.\nB.");
    assert_prose("A.\n== See also ==\n* [[B]]\n=== More ===\n* C\n== Life ==\nD.", "A.\nD.");
    assert_prose("A.\n== REFERENCES ==\nx\n= Top =\nB.", "A.\nB.");
    assert_prose("a = b == c", "a = b == c");
    assert_prose("", "");
    assert_prose("\n\n== Only a heading ==\n", "");
}

static void test_links(void **state)
{
    (void)state;
    assert_prose("[[Paris]] and [[bus|the bus]]es, [[Foo#Bar]].", "Paris and the buses, Foo#Bar.");
    assert_prose("[[File:a.jpg|thumb|A [[caption|long caption]] here]]Text.", "Text.");
    assert_prose("[[Image:a.jpg]][[ category : X]][[Datei:b.png|x]]Text.", "Text.");
    assert_prose("[[:Category:X]] and [[:File:a.jpg|a]]", "Category:X and a");
    assert_prose("Text.\n[[de:Text]]\n[[zh-min-nan:Text]]\n[[Star Trek: X]]",
                 "Text.\nStar Trek: X");
    assert_prose("See [http://a.b/c the page], [https://a.b] and [//c d e].",
                 "See the page, and d e.");
    assert_prose("a[1] = b[c[2]] and [not a link]", "a[1] = b[c[2]] and [not a link]");
    assert_prose("[[open and\n\nmore", "open and\nmore");
    assert_prose("[http://a.b open\nmore]", "http://a.b open more]");
}

static void test_templates_and_tables(void **state)
{
    (void)state;
    assert_prose("{{Infobox\n|a={{b|c}}\n|d=[[e|f]]\n|}}\nText{{cn}}.", "Text.");
    assert_prose("A {{convert|10|km|mi}} road, {{convert|3|to|4|ft|m|abbr=on}}.",
                 "A 10 km road, 3 to 4 ft.");
    assert_prose("{{lang|fr|[[mot|le mot]]}}, {{lang-el|ἀναρχία}}, {{nowrap|1=x=y}}",
                 "le mot, ἀναρχία, x=y");
    assert_prose("B{{ndash}}C {{circa|1500}}", "B–C c. 1500");
    assert_prose("X ({{IPA|x}}; from [[Greek]] {{unknown|y}}), ({{a}}) Y.", "X (from Greek), Y.");
    assert_prose("A.\n{| class=x\n|-\n| b\n{|\n| inner\n|}\n| c\n|}\nD.", "A.\nD.");
    assert_prose(":{|\n| in\n|}\nD.", "D.");
    assert_prose("{{Box|{|\n| x\n|}\n}}D.", "D.");
    assert_prose("A.\n{|\n| never closed\n\n== Life ==\nB.", "A.\nB.");
    assert_prose("A {{never closed B.", "A never closed B.");
    assert_prose("A }} B {{{1|x}}}C {{{{d}}}}.", "A B C.");
    assert_prose("{{a|[[b}} C.", "C.");
    assert_prose("{ a } and |b|", "{ a } and |b|");
}

static void test_tags_and_characters(void **state)
{
    (void)state;
    assert_prose("A<ref>x {{y}}</ref> b<ref name=z/> c<!-- d\n -->e <br/>f<REF >g</Ref>.",
                 "A b ce f.");
    assert_prose("1<sup>st</sup> <small>s</small> <b>'''b'''</b> ''i'' '''''x''''' it's ''''y''",
                 "1st s b i x it's 'y");
    assert_prose("<math>a<b</math>Text <gallery>\nFile:a|b\n</gallery>.", "Text.");
    assert_prose("<nowiki>[[a|b]] {{c}} &amp;</nowiki>", "[[a|b]] {{c}} &");
    assert_prose("if a < b <foo> <ref>never closed", "if a < b <foo> never closed");
    assert_prose("<div class=\"x\">A</div><p>B</p>", "A\nB");
    assert_prose("a&nbsp;b &ndash; &#8211;&#x2013; &amp;lt; &bogus; &#xD800; & &#0;\xC2\xA0!",
                 "a b – –– &lt; &bogus; &#xD800; & &#0; !");
    assert_prose("[[a|b&#124;c]]", "b|c");
    assert_prose("__NOTOC__A __init__ _b_", "A __init__ _b_");
    assert_prose("A <!-- never closed", "A");
}

/* Each of these would take minutes if the algorithm were not linear. */
static void test_linear_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "[[",   "{{",   "{|\n", "[http://a ", "<ref>", "<!--",     "<b ",     "&#x",  "(",
        "''''", "{{a|", "[[a|", "|}",         "__A",   "<nowiki>", "[[File:", "\n==", "}}]]|}\n"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        text markup = {0}, out = {0}, scratch = {0};
        while (markup.length < 300000)
            assert_ok(text_append(&markup, pieces[i], strlen(pieces[i]), error));
        assert_ok(wiki_markup_append(&out, markup.data, markup.length, &(wiki_namespaces){0},
                                     &scratch, error));
        assert_true(out.length <= markup.length);
        text_free(&markup);
        text_free(&scratch);
        text_free(&out);
    }
}

/* ------------------------------------------------------------------------------------- dumps */

static int kept;

static bert_status keep(void *context, const char *data, size_t length, bert_error *error)
{
    kept++;
    return kept_append(context, data, length, error);
}

static bert_status read_path(const char *input, text *documents, bert_error *error)
{
    *documents = (text){0};
    kept = 0;
    bert_status status = bert_read_documents(&input, 1, NULL, keep, documents, NULL, NULL, error);
    if (status != BERT_OK)
        text_free(documents);
    return status;
}

static bert_status read_dump(const char *content, size_t length, text *documents, bert_error *error)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return read_path(path, documents, error);
}

#define PAGE(title, ns, more, text)                                                          \
    "<page><title>" title "</title><ns>" ns "</ns>" more "<revision><model>wikitext</model>" \
    "<text xml:space=\"preserve\">" text "</text></revision></page>\n"

static const char dump[] =
    "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.10/\" xml:lang=\"de\">\n"
    "<siteinfo><namespaces><namespace key=\"0\" /><namespace key=\"6\">Datei</namespace>"
    "<namespace key=\"14\">Kategorie</namespace></namespaces></siteinfo>\n" PAGE(
        "Eins", "0", "",
        "'''Eins''' ist &lt;b&gt;eine&lt;/b&gt; [[Zahl]].\n\n[[Datei:x.jpg]]Z&amp;nbsp;w.")
        PAGE("Rede", "1", "", "Talk.") PAGE("Um", "0", "<redirect title=\"Eins\" />",
                                            "#WEITERLEITUNG [[Eins]]")
            PAGE("Old", "0", "",
                 "#redirect [[Eins]]") "<page><title>Two</title><ns>0</ns><revision><text>old</"
                                       "text></revision>"
                                       "<revision><text><![CDATA[new & "
                                       "last]]></text></revision></page>"
                                       "<page><title>Code</title><ns>0</"
                                       "ns><revision><model>Scribunto</model><text>return x</text>"
                                       "</revision></page>"
                                       "<page><title>Gone</title><ns>0</ns><revision><text "
                                       "deleted=\"deleted\" /></revision></page>" PAGE(
                                           "Drei", "0", "",
                                           "Drei.[[Kategorie:Zahl]]") "</mediawiki>\n";

static void test_pages(void **state)
{
    (void)state;
    static const char expected[] = "Eins ist eine Zahl.\nZ w.|new & last|Drei.|";
    text documents;
    assert_ok(read_dump(dump, sizeof dump - 1, &documents, error));
    assert_string_equal(documents.data, expected);
    text_free(&documents);
    text declared = {0};
    assert_ok(text_format(&declared, error,
                          "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n%s", dump));
    assert_ok(read_dump(declared.data, declared.length, &documents, error));
    assert_string_equal(documents.data, expected);
    text_free(&documents);
    text_free(&declared);
}

static void test_damaged_dumps(void **state)
{
    (void)state;
    text documents;
    for (size_t size = strlen("<mediawiki"); size < sizeof dump - 2; size += 7)
        assert_fails(read_dump(dump, size, &documents, error), BERT_ERROR_INPUT, "dump.xml: byte ");
    char copy[sizeof dump];
    for (size_t at = 12; at < sizeof dump - 1; at += 3) {
        memcpy(copy, dump, sizeof dump);
        copy[at] = '\xFF';
        assert_fails(read_dump(copy, sizeof dump - 1, &documents, error), BERT_ERROR_INPUT,
                     "dump.xml: byte ");
    }
}

static void test_malicious_dumps(void **state)
{
    (void)state;
    static const char laughs[] =
        "<!DOCTYPE mediawiki [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n<mediawiki>" PAGE("T", "0", "",
                                                                       "&c;") "</mediawiki>";
    static const char file[] =
        "<!DOCTYPE mediawiki [<!ENTITY a SYSTEM \"/etc/passwd\">]>\n<mediawiki>" PAGE(
            "T", "0", "", "&a;") "</mediawiki>";
    text documents, big = {0};
    assert_fails(read_dump(laughs, sizeof laughs - 1, &documents, error), BERT_ERROR_INPUT,
                 "has a DOCTYPE");
    assert_fails(read_dump(file, sizeof file - 1, &documents, error), BERT_ERROR_INPUT,
                 "has a DOCTYPE");
    assert_ok(text_format(&big, error, "<mediawiki>"));
    for (int i = 0; i < 1000; i++)
        assert_ok(text_format(&big, error, "<page>"));
    assert_fails(read_dump(big.data, big.length, &documents, error), BERT_ERROR_INPUT, "depth");
    text_clear(&big);
    assert_ok(text_format(&big, error, "<mediawiki><page><ns>0</ns><revision><text>"));
    while (big.length < 11000000)
        assert_ok(text_format(&big, error, "%100s\n", "x"));
    assert_ok(text_format(&big, error, "</text></revision></page></mediawiki>"));
    assert_fails(read_dump(big.data, big.length, &documents, error), BERT_ERROR_INPUT,
                 "dump.xml: byte ");
    text_free(&big);
}

static void test_real_dumps(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int documents;
    } dumps[] = {{"../shared/data/wikipedia/"
                  "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
                  106}, /* 206 pages, 100 of them redirects */
                 {"../shared/data/wikipedia/enwiki-table-markup.xml.bz2", 5}};
    for (size_t i = 0; i < sizeof dumps / sizeof *dumps; i++) {
        if (!file_exists(dumps[i].path)) {
            print_message("skipped: no shared data\n");
            skip();
        }
        text documents;
        assert_ok(read_path(dumps[i].path, &documents, error));
        assert_int_equal(kept, dumps[i].documents);
        assert_null(strstr(documents.data, "{{"));
        assert_null(strstr(documents.data, "[["));
        assert_null(strstr(documents.data, "''"));
        assert_null(strstr(documents.data, "<ref"));
        assert_null(strstr(documents.data, "\n\n"));
        if (i == 0)
            assert_memory_equal(documents.data, "Anarchism is a political philosophy that ", 41);
        text_free(&documents);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_templates_and_tables),
        cmocka_unit_test(test_tags_and_characters),
        cmocka_unit_test(test_linear_time),
        cmocka_unit_test_setup_teardown(test_pages, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_damaged_dumps, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_malicious_dumps, set_up, scratch_remove),
        cmocka_unit_test(test_real_dumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
