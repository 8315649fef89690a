#include "tokenizer/unicode.h"

#include "tokenizer/unicode_tables.inc"

enum { HANGUL_FIRST = 0xAC00, HANGUL_COUNT = 11172 };

/* The blocks listed in the original BERT; newer ones are not included. */
static const unicode_range chinese_ranges[] = {
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
    {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define RANGES(table) ((unicode_ranges){.ranges = (table), .count = COUNT(table)})

unicode_ranges unicode_removed(void)
{
    return RANGES(removed_ranges);
}

unicode_ranges unicode_whitespace(void)
{
    return RANGES(whitespace_ranges);
}

unicode_ranges unicode_punctuation(void)
{
    return RANGES(punctuation_ranges);
}

unicode_ranges unicode_word(void)
{
    return RANGES(word_ranges);
}

unicode_ranges unicode_marks(void)
{
    return RANGES(mark_ranges);
}

unicode_ranges unicode_chinese(void)
{
    return RANGES(chinese_ranges);
}

bool unicode_in(unicode_ranges ranges, uint32_t code)
{
    size_t low = 0, high = ranges.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code < ranges.ranges[middle].first)
            high = middle;
        else if (code > ranges.ranges[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

const unicode_mapping *unicode_decompositions(size_t *count)
{
    *count = COUNT(decompositions);
    return decompositions;
}

const unicode_mapping *unicode_lowercase_mappings(size_t *count)
{
    *count = COUNT(lowercase_mappings);
    return lowercase_mappings;
}

const unicode_class_range *unicode_combining_classes(size_t *count)
{
    *count = COUNT(combining_class_ranges);
    return combining_class_ranges;
}

static int map_code(const unicode_mapping *mappings, size_t count, uint32_t code, uint32_t to[4])
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mappings[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || mappings[low].code != code) {
        to[0] = code;
        return 1;
    }
    int length = 0;
    while (length < 4 && mappings[low].to[length]) {
        to[length] = mappings[low].to[length];
        length++;
    }
    return length;
}

bool unicode_is_hangul(uint32_t code)
{
    return code >= HANGUL_FIRST && code < HANGUL_FIRST + HANGUL_COUNT;
}

int unicode_decompose(uint32_t code, uint32_t to[4])
{
    if (!unicode_is_hangul(code))
        return map_code(decompositions, COUNT(decompositions), code, to);
    uint32_t index = code - HANGUL_FIRST; /* Unicode Standard, section 3.12 */
    to[0] = 0x1100 + index / (21 * 28);
    to[1] = 0x1161 + index / 28 % 21;
    to[2] = 0x11A7 + index % 28;
    return index % 28 ? 3 : 2;
}

int unicode_lowercase(uint32_t code, uint32_t to[4])
{
    return map_code(lowercase_mappings, COUNT(lowercase_mappings), code, to);
}

uint8_t unicode_combining_class(uint32_t code)
{
    size_t low = 0, high = COUNT(combining_class_ranges);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code < combining_class_ranges[middle].first)
            high = middle;
        else if (code > combining_class_ranges[middle].last)
            low = middle + 1;
        else
            return combining_class_ranges[middle].class;
    }
    return 0;
}

/* --------------------------------------------------------------------------------- UTF-8 --- */

static int invalid(int bytes, uint32_t *code, bool *valid)
{
    *code = UNICODE_REPLACEMENT;
    *valid = false;
    return bytes;
}

int unicode_decode(const unsigned char *text, size_t length, uint32_t *code, bool *valid)
{
    unsigned lead = text[0];
    *valid = true;
    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    /* Table 3-7 of the Unicode Standard: the second byte of some sequences has a smaller range. */
    int bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    unsigned low = 0x80, high = 0xBF;
    if (lead < 0xC2 || lead > 0xF4)
        return invalid(1, code, valid);
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    uint32_t value = lead & (0x7Fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if ((size_t)i >= length || text[i] < low || text[i] > high)
            return invalid(i, code, valid);
        value = value << 6 | (text[i] & 0x3F);
        low = 0x80, high = 0xBF;
    }
    *code = value;
    return bytes;
}

int unicode_encode(uint32_t code, unsigned char out[4])
{
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (unsigned char)(0xC0 | code >> 6);
        out[1] = (unsigned char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (unsigned char)(0xE0 | code >> 12);
        out[1] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (unsigned char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (unsigned char)(0xF0 | code >> 18);
    out[1] = (unsigned char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (unsigned char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (unsigned char)(0x80 | (code & 0x3F));
    return 4;
}

bool unicode_is_utf8(const char *text, size_t length, size_t *position)
{
    uint32_t code;
    bool valid = true;
    for (size_t i = 0; i < length;) {
        int bytes = unicode_decode((const unsigned char *)text + i, length - i, &code, &valid);
        if (!valid) {
            *position = i;
            return false;
        }
        i += (size_t)bytes;
    }
    return true;
}
