#include "testing.h"

#include "base/random.h"
#include "base/text.h"
#include "corpus/abbreviations.h"
#include "corpus/lower_case.h"
#include "corpus/sentences.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/utf8.h>

/* Compares the sentences of a text, each followed by "|". */
static void assert_sentences(const char *language, const char *content, const char *expected)
{
    sentences *splitter;
    assert_ok(sentences_create(&splitter, language, error));
    text found_text = {0};
    assert_ok(text_append(&found_text, "", 0, error));
    for (int round = 0; round < 2; round++) { /* a splitter can be reused */
        text_clear(&found_text);
        sentences_start(splitter, content, strlen(content));
        for (;;) {
            size_t start, end;
            bool found;
            assert_ok(sentences_next(splitter, &start, &end, &found, error));
            if (!found)
                break;
            assert_true(start < end && end <= strlen(content));
            assert_ok(text_append(&found_text, content + start, end - start, error));
            assert_ok(text_append(&found_text, "|", 1, error));
        }
        assert_string_equal(found_text.data, expected);
    }
    text_free(&found_text);
    sentences_free(splitter);
}

static void test_sentences(void **state)
{
    (void)state;
    assert_sentences("en", "", "");
    assert_sentences("en", " \n\t\n", "");
    assert_sentences("en", "One", "One|");
    assert_sentences("en", " One.  Two! Three?\n", "One.|Two!|Three?|");
    assert_sentences("en", "It cost 3.5 dollars. e.g. this.", "It cost 3.5 dollars. e.g. this.|");
    assert_sentences("en", "\xC2\xA0 A b.\xE3\x80\x80 C d.\xC2\xA0", "A b.|C d.|");
    assert_sentences("en", "\xE2\x80\x9CReally?\xE2\x80\x9D She left.",
                     "\xE2\x80\x9CReally?\xE2\x80\x9D|She left.|");
    assert_sentences("ja", "\xE3\x81\x82\xE3\x80\x82\xE3\x81\x84\xE3\x80\x82",
                     "\xE3\x81\x82\xE3\x80\x82|\xE3\x81\x84\xE3\x80\x82|");
}

static void test_paragraphs_end_sentences(void **state)
{
    (void)state;
    assert_sentences("en", "one\ntwo.\n\nthree", "one|two.|three|");
    assert_sentences("en", "by Mr.\nSmith", "by Mr.|Smith|");
}

static void test_abbreviations_of_the_language(void **state)
{
    (void)state;
    assert_sentences("en", "Mr. Smith left. Then he slept.", "Mr. Smith left.|Then he slept.|");
    assert_sentences("de", "Sie z.B. Bleibt. Er geht.", "Sie z.B. Bleibt.|Er geht.|");
    assert_sentences("de_AT", "Sie z.B. Bleibt. Er geht.", "Sie z.B. Bleibt.|Er geht.|");
    assert_sentences("en", "Sie z.B. Bleibt. Er geht.", "Sie z.B.|Bleibt.|Er geht.|");
    assert_sentences("und", "Mr. A. Smith left. He slept.", "Mr.|A.|Smith left.|He slept.|");
    /* Of a language without abbreviations, initials alone are known; no other language's. */
    assert_sentences("eo", "Mr. A. Smith left. He slept.", "Mr.|A. Smith left.|He slept.|");
}

/* ICU gives data of the machine's language for one that it does not have. */
static void test_independent_of_the_machine(void **state)
{
    (void)state;
    char before[ULOC_FULLNAME_CAPACITY];
    UErrorCode code = U_ZERO_ERROR;
    snprintf(before, sizeof before, "%s", uloc_getDefault());
    static const char *const machines[] = {"de_DE", "en_US", "el_GR", "fr_FR"};
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        uloc_setDefault(machines[i], &code);
        assert_true(U_SUCCESS(code));
        assert_sentences("eo", "Mr. B. kaj Nr. Kvin; Evtl. Hr. Li.",
                         "Mr.|B. kaj Nr.|Kvin; Evtl.|Hr.|Li.|");
        assert_sentences("nl", "Dhr. Jan Mrd. En Mrs. Aal; Comm. Zo.",
                         "Dhr. Jan Mrd.|En Mrs.|Aal; Comm.|Zo.|");
    }
    uloc_setDefault(before, &code);
    assert_true(U_SUCCESS(code));
}

/* What CLDR has, what it lacks, and what is no abbreviation. */
static void test_english(void **state)
{
    (void)state;
    assert_sentences("en", "Dr. No met St. John. They left.", "Dr. No met St. John.|They left.|");
    assert_sentences("en", "Dr.  No met Gen. Lee. OK.", "Dr.  No met Gen. Lee.|OK.|");
    assert_sentences("en", "One (e.g. Paris), i.e. France. E.g. Rome. A town.",
                     "One (e.g. Paris), i.e. France.|E.g. Rome.|A town.|");
    assert_sentences("en", "See No. 5 Main, vol. 2 A, Fig. 3 B and pp. 3 Xs. No. He left.",
                     "See No. 5 Main, vol. 2 A, Fig. 3 B and pp. 3 Xs.|No.|He left.|");
    assert_sentences("en", "In Vol. II He. See Ch. IV. No. I did.",
                     "In Vol. II He.|See Ch. IV.|No.|I did.|");
    assert_sentences("en", "J. S. Bach, J.R.R. Tolkien and Ph.D. Smith met. So.",
                     "J. S. Bach, J.R.R. Tolkien and Ph.D. Smith met.|So.|");
    assert_sentences("en", "In the U.S. Army vs. Navy. It was 5 a.m. On Friday.",
                     "In the U.S. Army vs. Navy.|It was 5 a.m. On Friday.|");
    /* These may end sentences, as in CLDR. */
    assert_sentences("en", "Cats, etc. Then. At 5 p.m. He left. Smith Jr. He. Ford Inc. It.",
                     "Cats, etc.|Then.|At 5 p.m.|He left.|Smith Jr.|He.|Ford Inc.|It.|");
    /* Words at whose end CLDR's "A.", "C.", "Ed." stand, and words of its list. */
    assert_sentences("en", "It is NASA. The BBC. We fled. Joe is OK. It was Joe. What to Do. Go.",
                     "It is NASA.|The BBC.|We fled.|Joe is OK.|It was Joe.|What to Do.|Go.|");
    assert_sentences("en", "3.1. Methods. We did. 2. Results. In 1999. He left.",
                     "3.1. Methods.|We did.|2. Results.|In 1999.|He left.|");
    assert_sentences("en", "He had 5. She had 12. All left.", "He had 5.|She had 12.|All left.|");
}

static void test_german(void **state)
{
    (void)state;
    assert_sentences("de", "Das ist z. B. Berlin, d. h. Preußen. Gut.",
                     "Das ist z. B. Berlin, d. h. Preußen.|Gut.|");
    assert_sentences("de",
                     "Z.\xC2\xA0"
                     "B. Rom, u.\xE2\x80\xAF"
                     "a. Ostia, bzw. Siena. Schön.",
                     "Z.\xC2\xA0"
                     "B. Rom, u.\xE2\x80\xAF"
                     "a. Ostia, bzw. Siena.|Schön.|");
    assert_sentences("de", "Prof. Dr. med. Meier, vgl. Bd. 3 S. 5 Nr. 7. Das Ende.",
                     "Prof. Dr. med. Meier, vgl. Bd. 3 S. 5 Nr. 7.|Das Ende.|");
    assert_sentences("de", "Am 3. Mai kam der 1. FC Köln. Im 19. Jahrhundert nicht. Nein.",
                     "Am 3. Mai kam der 1. FC Köln.|Im 19. Jahrhundert nicht.|Nein.|");
    assert_sentences("de", "Ludwig XIV. König und Karl IV. Am 3. 4. 1999 nicht. So.",
                     "Ludwig XIV. König und Karl IV.|Am 3. 4. 1999 nicht.|So.|");
    assert_sentences("de", "Er wurde Platz 3. Danach kam er auf 5. Das war 1945. Man ging.",
                     "Er wurde Platz 3.|Danach kam er auf 5.|Das war 1945.|Man ging.|");
    assert_sentences("de", "Dieser Art. Das ist Max. Er spielt Port. Das kostet max. 5 Euro.",
                     "Dieser Art.|Das ist Max.|Er spielt Port.|Das kostet max. 5 Euro.|");
    assert_sentences("de", "Äpfel usw. Er geht. J. W. von Goethe.",
                     "Äpfel usw.|Er geht.|J. W. von Goethe.|");
}

static void test_other_languages(void **state)
{
    (void)state;
    static const struct {
        const char *language, *content, *expected;
    } cases[] = {
        {"fr", "Le M. Dupont et le Dr. Petit, p. ex. Jean. Il part.",
         "Le M. Dupont et le Dr. Petit, p. ex. Jean.|Il part.|"},
        {"fr", "En 50 av. J.-C. César vint. C’est l’art. Voir art. 5 Code. Fin.",
         "En 50 av. J.-C. César vint.|C’est l’art.|Voir art. 5 Code.|Fin.|"},
        {"es", "El Sr. Pérez y la Sra. Gil, p. ej. Ana. Es el sol. Véase pág. 5 Bis. Fin.",
         "El Sr. Pérez y la Sra. Gil, p. ej. Ana.|Es el sol.|Véase pág. 5 Bis.|Fin.|"},
        {"es", "En 50 a. C. César. Bien. Él vino.", "En 50 a. C. César.|Bien.|Él vino.|"},
        {"it", "Il Sig. Rossi, il Dott. Bianchi, p. es. Anna. Fine.",
         "Il Sig. Rossi, il Dott. Bianchi, p. es. Anna.|Fine.|"},
        {"pt", "O Sr. Silva e a Dra. Lima, p. ex. Ana. Ele foi. Site da com. Fim.",
         "O Sr. Silva e a Dra. Lima, p. ex. Ana.|Ele foi.|Site da com.|Fim.|"},
        {"nl", "Dhr. Jansen en dr. De Vries, bijv. Piet. Hij ging.",
         "Dhr. Jansen en dr. De Vries, bijv. Piet.|Hij ging.|"},
        {"nl", "Dit is Act. Hij is By. Hij ging.", "Dit is Act.|Hij is By.|Hij ging.|"},
        {"pl", "Pani prof. Nowak, np. Anna, ul. Długa. Poszła.",
         "Pani prof. Nowak, np. Anna, ul. Długa.|Poszła.|"},
        {"cs", "Pan prof. Novák, např. Jan, ul. Dlouhá. Šel.",
         "Pan prof. Novák, např. Jan, ul. Dlouhá.|Šel.|"},
        {"sv", "T. ex. Anna och dr. Berg. Hon gick.", "T. ex. Anna och dr. Berg.|Hon gick.|"},
        {"da", "F.eks. Anna og dr. Berg, nr. 5 Aa. Hun gik.",
         "F.eks. Anna og dr. Berg, nr. 5 Aa.|Hun gik.|"},
        {"nn", "F. eks. Anna og kap. 5 Bis. Ho gjekk.", "F. eks. Anna og kap. 5 Bis.|Ho gjekk.|"},
        {"fi", "Esim. Anna ja prof. Virtanen. Hän meni.",
         "Esim. Anna ja prof. Virtanen.|Hän meni.|"},
        {"hu", "Pl. Anna és dr. Nagy. Elment.", "Pl. Anna és dr. Nagy.|Elment.|"},
        {"tr", "Prof. Dr. Yılmaz ve 1. Dünya Savaşı, II. Mahmud. Gitti.",
         "Prof. Dr. Yılmaz ve 1. Dünya Savaşı, II. Mahmud.|Gitti.|"},
        {"tr", "Toplam 5. Bu az.", "Toplam 5.|Bu az.|"},
        {"ro", "Dl. Popescu, str. Lungă nr. 5 Bis. A plecat.",
         "Dl. Popescu, str. Lungă nr. 5 Bis.|A plecat.|"},
        {"ca", "El Sr. Puig, p. ex. Anna. Va anar.", "El Sr. Puig, p. ex. Anna.|Va anar.|"},
        {"ru", "Проф. Иванов, т. е. Пётр, и А. С. Пушкин на ул. Мира. Он в СССР. Да.",
         "Проф. Иванов, т. е. Пётр, и А. С. Пушкин на ул. Мира.|Он в СССР.|Да.|"},
        {"uk", "Проф. Шевченко, напр. Т. Г. Шевченко. Він пішов.",
         "Проф. Шевченко, напр. Т. Г. Шевченко.|Він пішов.|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_sentences(cases[i].language, cases[i].content, cases[i].expected);
}

static void test_lower_case(void **state)
{
    (void)state;
    /* Tokenized, as BookCorpus is. */
    assert_sentences("en", "he said . \"no . \" then she left .",
                     "he said .|\"no . \"|then she left .|");
    assert_sentences("en", "he said . \"no .\" then", "he said .|\"no .\"|then|");
    assert_sentences("en", "`` no , '' he said . `` yes . '' she left . ( so . ) end",
                     "`` no , '' he said .|`` yes . ''|she left .|( so . )|end|");
    assert_sentences("en", "mr. smith and dr . brown met j . s . bach . they left .",
                     "mr. smith and dr . brown met j . s . bach .|they left .|");
    assert_sentences("en", "it cost 3 . 5 dollars . 20 men came . . . then one left .",
                     "it cost 3 . 5 dollars .|20 men came . . . then one left .|");
    assert_sentences("en", "he went to st. louis, e.g. by car. he ate apples, etc. then he did. no",
                     "he went to st. louis, e.g. by car.|he ate apples, etc.|then he did.|no|");
    assert_sentences("en",
                     "what did he do. who is joe. he is in. see no. 5 there. no. it is up. so",
                     "what did he do.|who is joe.|he is in.|see no. 5 there.|no.|it is up.|so|");
    assert_sentences("en",
                     "anarchism is a philosophy (see u.s. history). it holds the state to be "
                     "undesirable; cf. vol. 2 of it.[1] others, i.e. marxists, differ.\nnew. one",
                     "anarchism is a philosophy (see u.s. history).|it holds the state to be "
                     "undesirable; cf. vol. 2 of it.[1] others, i.e. marxists, differ.|new.|one|");
    assert_sentences("en", "one.two www.a.com, he . , she: why? oh! yes. 'so'. ok.",
                     "one.two www.a.com, he . , she: why?|oh!|yes.|'so'.|ok.|");
    assert_sentences("de",
                     "das ist z. b. berlin. am 3. mai kam er. das war 1945. er wurde 3. danach "
                     "dr. meier. ich danke dir. ich mag. gut",
                     "das ist z. b. berlin.|am 3. mai kam er.|das war 1945.|er wurde 3.|danach dr. "
                     "meier.|ich danke dir.|ich mag.|gut|");
    assert_sentences("ru", "он ушёл. т. е. домой. всё.", "он ушёл.|т. е. домой.|всё.|");
    assert_sentences("und", "one. two. j. three", "one.|two.|j. three|");
    /* ICU is asked for text with invisible characters and accents; the answer is the same. */
    assert_sentences("en", "one\xCC\x81. tw\xC2\xADo. three \xCC\x81. four",
                     "one\xCC\x81.|tw\xC2\xADo.|three \xCC\x81.|four|");
    assert_sentences("el", "ένα. δύο; τρία. τέσσερα", "ένα.|δύο;|τρία.|τέσσερα|");
    /* A single capital anywhere, and all is by Unicode's rules. */
    assert_sentences("en", "one. two\nI. three", "one. two|I. three|");
    assert_sentences("ru", "он. она Я", "он. она Я|");
    assert_true(has_capitals("漢字かなกข한국어 É", strlen("漢字かなกข한국어 É")));
    assert_true(has_capitals("\xF0\x90\x90\x80", 4)); /* Deseret */
    assert_false(
        has_capitals("漢字かなกข한국어 é ß ა ⓐ 123", strlen("漢字かなกข한국어 é ß ა ⓐ 123")));
}

/* Each of these would take minutes if the algorithm were not linear. */
static void test_linear_time(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a . \" ", "mr. ",  "a. ",  "1. ", "12. a", ". ",
                                         "z. b. ",  "'' . ", " .) ", "x.",  ". \"",  "A. "};
    sentences *splitter;
    assert_ok(sentences_create(&splitter, "de", error));
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        text content = {0};
        while (content.length < 1000000)
            assert_ok(text_append(&content, pieces[i], strlen(pieces[i]), error));
        sentences_start(splitter, content.data, content.length);
        bool found = true;
        for (size_t start, end; found;)
            assert_ok(sentences_next(splitter, &start, &end, &found, error));
        text_free(&content);
    }
    sentences_free(splitter);
}

/* Trims white space at both ends of content[*start, *end). */
static void trim(const char *content, size_t *start, size_t *end)
{
    while (*start < *end) {
        size_t next = *start;
        UChar32 character;
        U8_NEXT_UNSAFE(content, next, character);
        if (!u_isUWhiteSpace(character))
            break;
        *start = next;
    }
    while (*start < *end) {
        size_t before = *end;
        UChar32 character;
        U8_PREV_UNSAFE(content, before, character);
        if (!u_isUWhiteSpace(character))
            break;
        *end = before;
    }
}

/* The sentences of a paragraph are the same as those of ICU alone, joined after abbreviations. */
static void assert_same_as_icu(UBreakIterator *breaks, abbreviations *known, sentences *splitter,
                               const char *content)
{
    UErrorCode code = U_ZERO_ERROR;
    UText opened = UTEXT_INITIALIZER;
    size_t length = strlen(content);
    utext_openUTF8(&opened, content, -1, &code);
    ubrk_setUText(breaks, &opened, &code);
    assert_true(U_SUCCESS(code));
    sentences_start(splitter, content, length);
    size_t start, end, from = 0;
    bool found;
    ubrk_first(breaks);
    for (int32_t border; (border = ubrk_next(breaks)) != UBRK_DONE;) {
        size_t first = from, last = (size_t)border;
        if (abbreviations_continue(known, content, length, from, last, false))
            continue;
        from = last;
        trim(content, &first, &last);
        if (first == last)
            continue;
        assert_ok(sentences_next(splitter, &start, &end, &found, error));
        if (!found || start != first || end != last)
            fail_msg("\"%s\": a sentence from %zu to %zu, ICU has %zu to %zu", content, start, end,
                     first, last);
    }
    assert_ok(sentences_next(splitter, &start, &end, &found, error));
    assert_false(found);
    utext_close(&opened);
}

/* Every kind of character, and parts of abbreviations, in random order. */
static void test_same_as_icu(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "de", "el", "fr", "es", "it", "ru", "fi", "und"};
    static const char *const pieces[] = {".",
                                         ".",
                                         ".",
                                         "!",
                                         "?",
                                         " ",
                                         " ",
                                         " ",
                                         "  ",
                                         "\t",
                                         "a",
                                         "b",
                                         "the",
                                         "A",
                                         "B",
                                         "The",
                                         "1",
                                         "23",
                                         "(",
                                         ")",
                                         "\"",
                                         "'",
                                         "[",
                                         ",",
                                         ";",
                                         ":",
                                         "-",
                                         "@",
                                         "/",
                                         "Mr",
                                         "Dr.",
                                         "Ph.D.",
                                         "U.S.",
                                         "No",
                                         "etc",
                                         "e.g.",
                                         "z.B",
                                         "i. d. R",
                                         "St",
                                         "\xC2\xA0",
                                         "\xC3\xA9",
                                         "\xC3\x89",
                                         "\xCC\x81" /* an accent */,
                                         "\xC2\xAD" /* soft hyphen */,
                                         "\xE2\x80\x9C",
                                         "\xE2\x80\x9D",
                                         "\xE2\x80\xA6",
                                         "\xE3\x80\x82",
                                         "\xE3\x81\x82",
                                         "\xD0\xB6",
                                         "\xD0\x96",
                                         "\xCD\xBE",
                                         "\xE2\x80\xA8" /* separates lines */,
                                         "\r",
                                         "\xF0\x9F\x98\x80",
                                         "\xD9\xA1",
                                         "\xEF\xBC\x8E"};
    enum { PIECES = sizeof pieces / sizeof *pieces, ROUNDS = 20000 };
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
        UErrorCode code = U_ZERO_ERROR;
        UBreakIterator *breaks = ubrk_open(UBRK_SENTENCE, languages[l], NULL, 0, &code);
        abbreviations *known;
        sentences *splitter;
        assert_true(U_SUCCESS(code));
        assert_ok(abbreviations_create(&known, languages[l], error));
        assert_ok(sentences_create(&splitter, languages[l], error));
        for (uint64_t round = 0; round < ROUNDS; round++) {
            random_stream stream = random_stream_start(9, RANDOM_TEST, l, round);
            text content = {0};
            for (uint64_t left = 1 + random_below(&stream, 14); left > 0; left--) {
                const char *piece = pieces[random_below(&stream, PIECES)];
                assert_ok(text_append(&content, piece, strlen(piece), error));
            }
            assert_ok(text_append(&content, "\xC3\x80", 2, error)); /* not all in lower case */
            assert_same_as_icu(breaks, known, splitter, content.data);
            text_free(&content);
        }
        abbreviations_free(known);
        sentences_free(splitter);
        ubrk_close(breaks);
    }
}

static void test_bad_language(void **state)
{
    (void)state;
    sentences *splitter;
    assert_fails(sentences_create(&splitter, "e$", error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"e$\" is not a language tag");
    assert_null(splitter);
    assert_fails(sentences_create(&splitter, "", error), BERT_ERROR_INVALID_ARGUMENT,
                 "not a language tag");
    sentences_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_paragraphs_end_sentences),
        cmocka_unit_test(test_abbreviations_of_the_language),
        cmocka_unit_test(test_independent_of_the_machine),
        cmocka_unit_test(test_english),
        cmocka_unit_test(test_german),
        cmocka_unit_test(test_other_languages),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_linear_time),
        cmocka_unit_test(test_same_as_icu),
        cmocka_unit_test(test_bad_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
