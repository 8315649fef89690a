/* Wikipedia dumps: which pages are documents, the prose of their markup, and malicious dumps. */
#include "scratch.h"

#include "base/file.h"
#include "corpus/corpus.h"
#include "corpus/wiki_markup.h"
#include "corpus/wiki_templates.h"
#include "kept.h"

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/dump.xml", scratch_directory);
    return 0;
}

/* A page "Title" of a language with variants or not. */
static void assert_prose_of(bool has_variants, const char *markup, const char *expected)
{
    text out = {0}, scratch = {0};
    text namespaces = {0};
    assert_ok(text_append(&namespaces, "fisier\n", 7, error));
    wiki_page page = {&namespaces, "Title", has_variants};
    char *exact = malloc(strlen(markup) + 1);
    assert_non_null(exact);
    memcpy(exact, markup, strlen(markup));
    assert_ok(wiki_markup_append(&out, exact, strlen(markup), &page, &scratch, error));
    if (strcmp(out.data ? out.data : "", expected) != 0)
        fail_msg("%s\n became: %s\nexpected: %s", markup, out.data ? out.data : "", expected);
    free(exact);
    text_free(&namespaces);
    text_free(&scratch);
    text_free(&out);
}

static void assert_prose(const char *markup, const char *expected)
{
    assert_prose_of(false, markup, expected);
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
    assert_prose("[[Image:a.jpg]][[ category : X]][[Datei:b.png|x]][[Fisier:b.png|x]]Text.",
                 "Text.");
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
    assert_prose("A<p>b<ul><li>c<li>d</ul>e", "A\nb\nc\nd\ne");
    assert_prose("a&nbsp;b &ndash; &#8211;&#x2013; &amp;lt; &bogus; &#xD800; & &#0;\xC2\xA0!",
                 "a b – –– &lt; &bogus; &#xD800; & &#0; !");
    assert_prose("[[a|b&#124;c]]", "b|c");
    assert_prose("__NOTOC__A __init__ _b_", "A __init__ _b_");
    assert_prose("A <!-- never closed", "A");
}

static void test_extension_tags(void **state)
{
    (void)state;
    assert_prose("A<templatestyles src=\"x.css\" /> b <templatestyles src='y'></templatestyles>c.",
                 "A b c.");
    assert_prose("Paris<phonos file=\"a.ogg\" ipa=\"pa\">say</phonos> is <PHONOS/>old.",
                 "Paris is old.");
    assert_prose(
        "<indicator name=\"x\">[[File:a.png]]</indicator>A<chart definition=\"a.chart\"/>.", "A.");
    assert_prose("<pages index=\"a.djvu\" from=1 to=2 />A <section begin=x />b<section end=x/>.",
                 "A b.");
    assert_prose("A<graph>{\"a\": [1]}</graph><mapframe zoom=5>{}</mapframe><score>c d</score>.",
                 "A.");
    assert_prose("A<timeline>\nx = y\n</timeline><chem>H2O</chem><hiero>A1</hiero> b.", "A b.");
    assert_prose("<poem>\nRoses are red,\nviolets blue.\n</poem>", "Roses are red, violets blue.");
    assert_prose(
        "<langconvert from=\"zh-hans\" to=\"zh-hant\">汉字</langconvert> <translate>b <tvar "
        "name=1>c</tvar></translate>",
        "汉字 b c");
    assert_prose("A<references responsive><ref name=\"a\">x</ref></references> b.", "A b.");
    assert_prose("A<dynamicpagelist>\ncategory=x\n</dynamicpagelist><rss>y</rss><quiz>z</quiz>.",
                 "A.");
    assert_prose("<ruby><rb>漢字</rb><rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>", "漢字(かんじ)");
    assert_prose("A <nowiki />b <references /> c <ce>d</ce>", "A b c");
    assert_prose("<vector a, b> and a <b and c> d", "<vector a, b> and a d");
    for (size_t i = 0; i < wiki_tag_count; i++) {
        assert_true(i == 0 || strcmp(wiki_tags[i - 1].name, wiki_tags[i].name) < 0);
        assert_int_equal(wiki_tag_find(wiki_tags[i].name, strlen(wiki_tags[i].name)), i);
    }
}

static void test_parser_functions(void **state)
{
    (void)state;
    assert_prose("A {{formatnum:3}} km, {{FORMATNUM: 1234.5 |R}} m, {{formatnum:{{nowrap|7}}}}.",
                 "A 3 km, 1234.5 m, 7.");
    assert_prose("{{lc:ÄB C}} {{uc:äb}} {{ucfirst:élan}} {{lcfirst:ÉLAN}}", "äb c ÄB Élan éLAN");
    assert_prose("{{PAGENAME}} is {{plural:2|one|many}} {{plural:1|one|many}}.",
                 "Title is many one.");
    assert_prose("A{{#if:x|y|z}}{{#switch:a|b=c}}{{#invoke:m|f}}{{DEFAULTSORT:x}}{{:Page}} b.",
                 "A b.");
    assert_prose("{{subst:nowrap|a}} {{Template:nowrap|b}} {{gender:x|he|she|they}} a{{!}}b",
                 "a b they a|b");
    assert_prose(
        "__NOTOC__A __KEIN_INHALTSVERZEICHNIS__b __БЕЗ_ОГЛАВЛЕНИЯ__c __目次非表示__ __init__ "
        "__A",
        "A b c __init__ __A");
}

static void test_words_of_templates(void **state)
{
    (void)state;
    static const struct {
        const char *markup, *expected;
    } cases[] = {
        {"{{lang|fr|mot}} {{Langx|el|λόγος}} {{lang-ru|мир}} {{script/Hebrew|א}}",
         "mot λόγος мир א"},
        {"{{transl|ar|ALA|kitāb}} {{transliteration|ru|mir}}", "kitāb mir"},
        {"{{ill|Label|de|Ziel}} {{ill|X|de|Y|lt=Z}} {{Interlanguage_link|A|fr|B}}", "Label Z A"},
        {"{{nowrap|1=a=b}} {{nobr|c}} {{abbr|Dr|Doctor}} {{sic|teh}} {{sic}}",
         "a=b c Dr teh [sic]"},
        {"{{frac|1|2}} {{frac|3|1|2}} {{frac|4}} {{sfrac|a|b}}", "1/2 3 1/2 1/4 a/b"},
        {"{{val|5|u=km}} {{val|1.5|0.2|e=3|ul=m|up=s}} 2{{e|6}}", "5 km 1.5±0.2×10^3 m/s 2×10^6"},
        {"{{convert|5|mi|km|abbr=on}} {{cvt|1|x|2|m}}", "5 mi 1 x 2 m"},
        {"{{circa|1500}} {{circa|1500|1510}} {{floruit|1200}} {{reign|1|2}}",
         "c. 1500 c. 1500 – c. 1510 fl. 1200 r. 1 – 2"},
        {"{{As of|2015|3|5}}, {{as of|2015|lc=y}} {{as of|2015|alt=in 2015}}",
         "As of 5 March 2015, as of 2015 in 2015"},
        {"He was {{age|1950|5|20|2000|5|19}}{{age|1950|1|1}}. The {{ordinal|11}}, {{ordinal|23}}.",
         "He was 49. The 11th, 23rd."},
        {"{{nihongo|Kyoto|京都|Kyōto}} {{nihongo|A|阿}} {{japonais|B||bi}}",
         "Kyoto (京都, Kyōto) A (阿) B (bi)"},
        {"A said:\n{{quote|One.|Author}}\n{{blockquote|text=Two.|author=B}}Then.",
         "A said:\nOne.\nTwo.\nThen."},
        {"{{citation|liberté}} {{citation|last=A|title=B}}x {{guil|mot}}", "« liberté » x « mot »"},
        {"{{US$|5}} {{EUR|7}} {{£|3}} {{INR|9}}", "US$5 €7 £3 ₹9"},
        {"{{USS|Hornet|CV-12|6}} {{ship|HMS|Victory||2}} {{sclass|Nimitz|carrier}}s",
         "USS Hornet HMS Victory Nimitz-class carriers"},
        {"{{chem|H|2|O}} {{gaps|1|000}} {{music|flat}} {{angbr|a}}{{angbr|{{IPA|a}}}}",
         "H2O 1000 ♭ ⟨a⟩"},
        {"{{zh|c=中文|p=zhōngwén}} {{bibleverse|John|3:16}} {{key press|Ctrl|C}}",
         "中文, zhōngwén John 3:16 Ctrl+C"},
        /* French */
        {"{{langue|en|word}} {{unité|5|km}} {{lien|langue=en|trad=X|fr=Y|texte=Z}} {{lien|fr=Y}}",
         "word 5 km Z Y"},
        {"Au {{s|XV|e}}, {{sp|XV|e|au|XVI|e}}, {{XIXe siècle}}, {{1er}} {{date|3|mai|1999}} "
         "{{n°|5}} {{M.|Un}}",
         "Au XVe siècle, XVe au XVIe siècle, XIXe siècle, 1er 3 mai 1999 no 5 M. Un"},
        /* German, Spanish, Portuguese, Italian */
        {"{{enS|word}}, {{laS|verbum}}, {{Zitat|Satz.}}", "word, verbum,\nSatz."},
        {"{{esd|x}} {{siglo|XX}} {{unidad|5|km}} {{séc|XX}} {{fmtn|5|km}} {{M|3|m}}",
         "x siglo XX 5 km século XX 5 km 3 m"},
        /* Russian, Japanese, Chinese, Korean */
        {"{{нп5|Имя|Текст|en|Name}} {{нп|Имя||en}} {{s|слово}} {{Число|5}} {{НП5|А}}",
         "Текст Имя слово 5 А"},
        {"{{仮リンク|名|en|name}} {{読み仮名|漢字|かんじ}} {{要出典範囲|文|date=2000}}",
         "名 漢字 (かんじ) 文"},
        {"{{link-en|本地|Foreign}} {{tsl|en|Foreign|本地}} {{le|甲|A}} {{llang|en|word}}",
         "本地 本地 甲 word"},
        {"A{{cite web|url=x|title=y}}{{IPA|x}}{{citation needed}}{{unknown|b}}{{coord|1|2}}.",
         "A."},
        {"{{citation needed span|One two|date=2000}} three", "One two three"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_prose(cases[i].markup, cases[i].expected);
    for (size_t i = 1; i < wiki_template_count; i++)
        if (strcmp(wiki_templates[i - 1].name, wiki_templates[i].name) >= 0)
            fail_msg("%s is not in order", wiki_templates[i].name);
}

/* Every format is whole: its references close, and its function exists. */
static void test_formats_of_templates(void **state)
{
    (void)state;
    text out = {0};
    wiki_page page = {0};
    for (size_t i = 0; i < wiki_template_count; i++) {
        text markup = {0};
        assert_ok(text_format(&markup, error, "%s|1970|2|3|2000|5|6|fr=f|c=c|hangul=h|j=j|e=e",
                              wiki_templates[i].name));
        text_clear(&out);
        assert_ok(wiki_template_append(&out, markup.data, markup.length, &page, error));
        if (out.length == 0 || (strchr(out.data, '$') && !strstr(wiki_templates[i].format, "$$")))
            fail_msg("%s renders \"%s\"", markup.data, out.data ? out.data : "");
        text_free(&markup);
    }
    text_free(&out);
}

static void test_variants(void **state)
{
    (void)state;
    static const struct {
        const char *markup, *expected;
    } cases[] = {
        {"這是-{zh-hans:简体; zh-hant:繁體}-字。", "這是简体字。"},
        {"-{zh-cn:软件;zh-tw:軟體;}-和-{ zh-hk : 甲 ; zh-sg : 乙 }-", "软件和甲"},
        {"-{简体}--{R|原文}- -{zh-hans|文}-", "简体原文 文"},
        {"-{T|zh-hans:标题;zh-hant:標題}-文-{H|zh-cn:a;zh-tw:b}-字-{-|zh-cn:a}-。", "文字。"},
        {"-{A|zh-hans:显示;zh-hant:顯示}-。-{zh-cn:[[甲|乙]]; zh-tw:丙}-", "显示。乙"},
        {"-{H|巨集=>zh-cn:宏;}--{巨集=>zh-cn:宏;}-", "宏"},
        {"-{zh-hans:a&amp;b;c; zh-hant:d}-", "a&b;c"},
        {"А-{sr-ec:ћирилица; sr-el:latinica}- -{{nowrap|b}}-", "Аћирилица -b-"},
        {"-{open [[a]] b", "open a b"},
        {"{{nowrap|-{zh-hans:甲; zh-hant:乙}-}}", "甲"},
        {"-{zh-hans:-{R|甲}-;zh-hant:乙}-", "甲"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_prose_of(true, cases[i].markup, cases[i].expected);
    assert_prose_of(false, "N-{2-[(4-x)]}-pyridine", "N-{2-[(4-x)]}-pyridine");
    assert_true(wiki_language_has_variants("zh") && wiki_language_has_variants("zh-TW") &&
                wiki_language_has_variants("sr"));
    assert_false(wiki_language_has_variants("en") || wiki_language_has_variants("z"));
}

static void test_entities(void **state)
{
    (void)state;
    assert_prose("&hellip;&NotEqualTilde;&bne;&lsqb;&lbrack;a&rsqb;&rsqb;"
                 "&CounterClockwiseContourIntegral;&fjlig;",
                 "…≂̸=⃥[[a]]∳fj");
    assert_prose(
        "a&NewLine;b&#10;c&#9;d&Tab;e&#x96;f&#150;g&#146;h&#129;&#0;&#xFFFFFFFFF;&nosuch;&;"
        "&amp",
        "a b c d e–f–g’h&#129;&#0;&#xFFFFFFFFF;&nosuch;&;&amp");
    assert_prose("&verbar;|&vert; &apos;&quot;&sup2;&frac12;&#x1F600;", "||| '\"²½😀");
    static const char *const all[][2] = {
#include "corpus/html_entities.inc"
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *found = wiki_entity_find(all[i][0], strlen(all[i][0]));
        assert_true(found && strcmp(found, all[i][1]) == 0);
    }
    assert_null(wiki_entity_find("nbs", 3));
    assert_null(wiki_entity_find("zzzzzz", 6));
    assert_string_equal(wiki_entity_find("AElig", 5), "Æ");
    assert_string_equal(wiki_entity_find("zwnj", 4), "\xE2\x80\x8C");
    assert_string_equal(wiki_entity_find("not", 3), "¬");
    assert_string_equal(wiki_entity_find("in", 2), "∈");
}

static void test_names_of_other_languages(void **state)
{
    (void)state;
    assert_prose(
        "[[Kategorie:X]][[fichier:a.jpg|thumb|légende]][[КАТЕГОРИЯ:Y]][[ファイル:b.png]]Text.",
        "Text.");
    assert_prose("[[Bild:a|b]][[Imagen:a]][[Plik:b]][[Tập tin:c]][[ملف:d]][[Τext: e]]", "Τext: e");
    assert_prose(
        "A.\n== Einzelnachweise ==\n* b\n== Leben ==\nC.\n== Примечания ==\nd\n== 脚注 ==\ne",
        "A.\nC.");
    static const char *const redirects[] = {
        "#REDIRECT [[A]]", "#redirect: [[A]] x",          " \n#WEITERLEITUNG [[A]]\n",
        "#転送[[A]]",      "#ПЕРЕНАПРАВЛЕНИЕ [[A#b|c]]",  "#重定向 [[A]]\n\n[[Category:B]]",
        "#تحويل [[ا]]",    "#REDIRECT [[A]] {{R from x}}"};
    static const char *const articles[] = {
        "# A [[b]]", "#One [[b]] is c.", "#A is [[b]]", "A #REDIRECT [[b]]", "#",
        "#[[b]]",    "#REDIRECT",        "#a[[",        "##b [[c]]"};
    for (size_t i = 0; i < sizeof redirects / sizeof *redirects; i++)
        if (!wiki_is_redirect(redirects[i], strlen(redirects[i])))
            fail_msg("%s is not seen as a redirect", redirects[i]);
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        if (wiki_is_redirect(articles[i], strlen(articles[i])))
            fail_msg("%s is seen as a redirect", articles[i]);
}

static void test_unclosed_markup(void **state)
{
    (void)state;
    assert_prose("A {{nowrap|b [[c|d}} e ]] f.", "A b c e ]] f.");
    assert_prose("A ''b\n\n'''c''''' d", "A b\nc d");
    assert_prose("A <ref name=x>b\n\nC </ref> d </div></span> <span e", "A d\n<span e");
    assert_prose("{{a|{{x|{{c}}\nText }} more", "more");
    assert_prose("{{Infobox x\n| a = b\n| c = {{d}}\n\nText.", "Text.");
    assert_prose("{{Infobox {{x\n|{|\n| b\n|}\n\nText.", "Text.");
    assert_prose("A\n|}\n| b\n! c\nD", "A\nD");
    assert_prose("[[File:a.jpg|thumb|never closed\n\nB.", "File:a.jpg|thumb|never closed\nB.");
}

/* Each of these would take minutes if the algorithm were not linear. */
static void test_linear_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[[",       "{{",
                                         "{|\n",     "[http://a ",
                                         "<ref>",    "<!--",
                                         "<b ",      "&#x",
                                         "(",        "''''",
                                         "{{a|",     "[[a|",
                                         "|}",       "__A",
                                         "<nowiki>", "[[File:",
                                         "\n==",     "}}]]|}\n",
                                         "-{",       "-{a;",
                                         "{{a|b=",   "&CounterClockwise",
                                         "}-",       "__Ä_",
                                         "-{R|x",    "{{nihongo|",
                                         "#x[["};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        text markup = {0}, out = {0}, scratch = {0};
        wiki_page page = {.has_variants = true};
        while (markup.length < 300000)
            assert_ok(text_append(&markup, pieces[i], strlen(pieces[i]), error));
        assert_ok(wiki_markup_append(&out, markup.data, markup.length, &page, &scratch, error));
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

/* The language decides whether "-{" begins variants; namespaces are known in any case. */
static void test_languages_of_dumps(void **state)
{
    (void)state;
    text documents;
    static const char page[] =
        "<siteinfo><namespaces><namespace key=\"14\">\xD0\x91\xD3\xA9\xD0\xBB\xD3\xA9\xD0\xBA"
        "</namespace></namespaces></siteinfo>" PAGE(
            "Seite", "0", "",
            "-{zh-hans:简; zh-hant:繁}-{{PAGENAME}}{{formatnum:3}}&lt;templatestyles src=\"x.css\" "
            "/&gt;.[[бӨЛӨК:x]]") PAGE("R", "0", "", "#転送 [[A]]") "</mediawiki>";
    static const struct {
        const char *root, *expected;
    } cases[] = {
        {"<mediawiki xml:lang=\"zh\">", "简Seite3.|"},
        {"<mediawiki xml:lang=\"sr-EL\">", "简Seite3.|"},
        {"<mediawiki xml:lang=\"en\">", "-{zh-hans:简; zh-hant:繁}-Seite3.|"},
        {"<mediawiki>", "-{zh-hans:简; zh-hant:繁}-Seite3.|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text content = {0};
        assert_ok(text_format(&content, error, "%s%s", cases[i].root, page));
        assert_ok(read_dump(content.data, content.length, &documents, error));
        assert_string_equal(documents.data, cases[i].expected);
        text_free(&documents);
        text_free(&content);
    }
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
        cmocka_unit_test(test_extension_tags),
        cmocka_unit_test(test_parser_functions),
        cmocka_unit_test(test_words_of_templates),
        cmocka_unit_test(test_formats_of_templates),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_entities),
        cmocka_unit_test(test_names_of_other_languages),
        cmocka_unit_test(test_unclosed_markup),
        cmocka_unit_test(test_linear_time),
        cmocka_unit_test_setup_teardown(test_pages, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_languages_of_dumps, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_damaged_dumps, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_malicious_dumps, set_up, scratch_remove),
        cmocka_unit_test(test_real_dumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
