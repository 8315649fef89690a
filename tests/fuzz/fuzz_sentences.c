/* Sentences of any valid UTF-8 in languages of every kind: they stand in order, within the text,
 * and leave out nothing but white space. */
#include "fuzz.h"

#include "corpus/near_duplicates.h"
#include "corpus/sentences.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

static const char *const languages[] = {"en", "de", "el", "ru", "und"};
enum { LANGUAGES = sizeof languages / sizeof *languages };

static void check_gap(const char *text, size_t from, size_t to)
{
    while (from < to) {
        UChar32 character;
        U8_NEXT(text, from, to, character);
        if (!u_isUWhiteSpace(character))
            fuzz_fail("text that is in no sentence");
    }
}

static void check(sentences *splitter, const char *text, size_t length)
{
    size_t last = 0;
    sentences_start(splitter, text, length);
    for (;;) {
        size_t start, end;
        bool found;
        bert_error error;
        if (sentences_next(splitter, &start, &end, &found, &error) != BERT_OK)
            fuzz_fail(error.message);
        if (!found)
            break;
        if (start < last || start >= end || end > length || memchr(text + start, '\n', end - start))
            fuzz_fail("a sentence out of order");
        check_gap(text, last, start);
        last = end;
    }
    check_gap(text, last, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sentences *splitters[LANGUAGES];
    char *text = fuzz_copy(data, size);
    for (size_t i = 0; i < size;) { /* bytes that are not UTF-8 become '?' */
        size_t before = i;
        UChar32 character;
        U8_NEXT(data, i, size, character);
        if (character < 0)
            memset(text + before, '?', i - before);
    }
    for (int i = 0; i < LANGUAGES; i++) {
        bert_error error;
        if (!splitters[i] && sentences_create(&splitters[i], languages[i], &error) != BERT_OK)
            fuzz_fail(error.message);
        check(splitters[i], text, size);
    }
    uint8_t signature[NEAR_VALUES];
    near_duplicates_sign(text, size, signature);
    free(text);
    return 0;
}
