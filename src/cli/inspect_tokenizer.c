/* bert inspect of a tokenizer: its size, settings, special tokens, alphabet, longest tokens. */
#include "inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SPECIAL_TOKENS = 5, HEAD_BYTES = 1 << 16 };

static bool has_file(const char *folder, const char *name)
{
    char path[4096];
    struct stat information;
    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
           stat(path, &information) == 0 && S_ISREG(information.st_mode);
}

/* Whether one of the first lines is [UNK] or <unk>: no text says that, but every vocabulary. */
static bool begins_as_vocabulary(const char *head)
{
    for (const char *line = head; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if ((strncmp(line, "[UNK]", 5) == 0 || strncmp(line, "<unk>", 5) == 0) &&
            strchr("\r\n", line[5]))
            return true;
    }
    return false;
}

static bool begins_as_tokenizer_json(const char *head)
{
    return head[strspn(head, " \t\r\n")] == '{' && strstr(head, "\"added_tokens\"") &&
           strstr(head, "\"normalizer\"");
}

static bool detect(const char *path, const inspect_settings *settings)
{
    struct stat information;
    if (settings->corpus.tokenizer || stat(path, &information) != 0)
        return false;
    if (S_ISDIR(information.st_mode))
        return has_file(path, "tokenizer.json") || has_file(path, "vocab.txt");
    if (!S_ISREG(information.st_mode))
        return false;
    FILE *file = fopen(path, "rb");
    char *head = malloc(HEAD_BYTES + 1);
    size_t length = file && head ? fread(head, 1, HEAD_BYTES, file) : 0;
    if (head)
        head[length] = '\0';
    bool found = length && (begins_as_vocabulary(head) || begins_as_tokenizer_json(head));
    free(head);
    if (file)
        fclose(file);
    return found;
}

static void list_special(const bert_tokenizer *tokenizer, int32_t ids[SPECIAL_TOKENS])
{
    bert_special_ids special = bert_tokenizer_special_ids(tokenizer);
    const int32_t all[] = {special.pad, special.unk, special.cls, special.sep, special.mask};
    memcpy(ids, all, sizeof all);
}

typedef struct long_token {
    int32_t id;
    size_t characters;
} long_token;

/* Keeps the longest tokens, the first ones among equals; returns how many there are. */
static size_t find_longest(const bert_tokenizer *tokenizer, long_token *longest, size_t top)
{
    size_t count = 0, size = bert_tokenizer_vocab_size(tokenizer);
    for (size_t id = 0; id < size && top > 0; id++) {
        const char *token = bert_tokenizer_token(tokenizer, (int32_t)id);
        size_t characters = 0;
        for (const char *c = token ? token : ""; *c; c++)
            characters += ((unsigned char)*c & 0xC0) != 0x80;
        if (characters == 0 || (count == top && characters <= longest[top - 1].characters))
            continue;
        size_t rank = count < top ? count++ : top - 1;
        for (; rank > 0 && longest[rank - 1].characters < characters; rank--)
            longest[rank] = longest[rank - 1];
        longest[rank] = (long_token){(int32_t)id, characters};
    }
    return count;
}

static const char *yes_or_no(bool value)
{
    return value ? "yes" : "no";
}

static void print_description(const bert_tokenizer *tokenizer, const bert_tokenizer_description *d,
                              const long_token *longest, size_t longest_count)
{
    inspect_print_count("vocabulary", d->vocab_size);
    inspect_print_count("  words and beginnings", d->beginning);
    inspect_print_count("  continuing (##)", d->continuing);
    inspect_print_count("  special", d->special);
    inspect_print_count("  other added tokens", d->added);
    inspect_print_count("  ids without a token", d->missing);
    inspect_print_count("alphabet", d->characters);
    inspect_print_count("  continuing (##)", d->continuing_characters);
    const struct {
        const char *name;
        bool value;
    } switches[] = {
        {"lowercase", d->lowercase},
        {"strip accents", d->strip_accents},
        {"handle Chinese chars", d->handle_chinese_chars},
        {"clean text", d->clean_text},
    };
    printf("\n");
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        printf("%-24s%16s\n", switches[i].name, yes_or_no(switches[i].value));
    inspect_print_count("max chars per word", d->max_input_chars_per_word);
    printf("\nSpecial tokens:\n");
    int32_t special[SPECIAL_TOKENS];
    list_special(tokenizer, special);
    for (size_t i = 0; i < SPECIAL_TOKENS; i++)
        printf("%14d  %s\n", (int)special[i], bert_tokenizer_token(tokenizer, special[i]));
    printf("\nLongest tokens, in characters:\n");
    for (size_t i = 0; i < longest_count; i++)
        printf("%14zu  %s\n", longest[i].characters,
               bert_tokenizer_token(tokenizer, longest[i].id));
}

static json_t *description_json(const bert_tokenizer *tokenizer,
                                const bert_tokenizer_description *d, const long_token *longest,
                                size_t longest_count)
{
    json_t *special = json_object(), *tokens = json_array();
    int32_t ids[SPECIAL_TOKENS];
    list_special(tokenizer, ids);
    for (size_t i = 0; i < SPECIAL_TOKENS; i++)
        json_object_set_new(special, bert_tokenizer_token(tokenizer, ids[i]), json_integer(ids[i]));
    for (size_t i = 0; i < longest_count; i++) {
        const char *token = bert_tokenizer_token(tokenizer, longest[i].id);
        json_array_append_new(tokens, json_pack("{s:o, s:I, s:i}", "token",
                                                console_json_text(token, strlen(token)),
                                                "characters", (json_int_t)longest[i].characters,
                                                "id", (int)longest[i].id));
    }
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:I, s:o, s:o}", "kind",
        "tokenizer", "vocab_size", (json_int_t)d->vocab_size, "beginning", (json_int_t)d->beginning,
        "continuing", (json_int_t)d->continuing, "special", (json_int_t)d->special, "added",
        (json_int_t)d->added, "missing", (json_int_t)d->missing, "characters",
        (json_int_t)d->characters, "continuing_characters", (json_int_t)d->continuing_characters,
        "lowercase", d->lowercase, "strip_accents", d->strip_accents, "handle_chinese_chars",
        d->handle_chinese_chars, "clean_text", d->clean_text, "max_input_chars_per_word",
        (json_int_t)d->max_input_chars_per_word, "special_tokens", special, "longest_tokens",
        tokens);
}

static int run(const arguments *arguments, const inspect_settings *settings)
{
    if (!inspect_one_operand(arguments))
        return EXIT_USAGE;
    bert_error error = {0};
    bert_tokenizer *tokenizer;
    if (bert_tokenizer_load(&tokenizer, arguments->operands[0], &settings->corpus.tokenizer_options,
                            &error) != BERT_OK)
        return console_failure(&error);
    console_warn_tokenizer(tokenizer, arguments->operands[0]);
    bert_tokenizer_description description;
    bert_tokenizer_describe(tokenizer, &description);
    long_token *longest = calloc(settings->corpus.top + 1, sizeof *longest);
    size_t count = longest ? find_longest(tokenizer, longest, settings->corpus.top) : 0;
    int code = EXIT_SUCCESS;
    if (settings->json)
        code = console_json(description_json(tokenizer, &description, longest, count));
    else
        print_description(tokenizer, &description, longest, count);
    free(longest);
    bert_tokenizer_free(tokenizer);
    return code;
}

const inspector inspect_tokenizer = {.detect = detect, .run = run};
