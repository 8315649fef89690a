/* Functions that need no network: names, URLs, checksums, selection, retries. */
#include "testing.h"

#include "base/file.h"
#include "hub/digest.h"
#include "hub/hub_name.h"
#include "hub/names.h"
#include "hub/repository.h"
#include "hub/retry.h"
#include "hub/selection.h"
#include "hub/settings.h"
#include "hub/url.h"

#include <fcntl.h>

static void test_repository_names(void **state)
{
    (void)state;
    static const char *const good[] = {"bert-base-uncased", "google-bert/bert-base-uncased", "a",
                                       "A/b_c.d-1", "123"};
    static const char *const bad[] = {"",     "/",    "a/",    "/a",        "a/b/c",   "..",
                                      "a/..", "a--b", "a..b",  "-a",        "a.",      "a/b.git",
                                      "a b",  "a\nb", "a%2Fb", "a/../../b", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(repository_name_check(good[i], error));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(repository_name_check(bad[i], error), BERT_ERROR_INVALID_ARGUMENT,
                     "not a valid name on the Hub");
    char name[200];
    memset(name, 'a', 97);
    name[96] = '\0';
    assert_ok(repository_name_check(name, error));
    name[96] = 'a';
    name[97] = '\0';
    assert_fails(repository_name_check(name, error), BERT_ERROR_INVALID_ARGUMENT, "96");
}

/* "name revision path", with - for what is not there; "" where there is no such reading. */
static void assert_reading(const char *text, bert_hub_part part, size_t number,
                           const char *expected)
{
    hub_name names[HUB_NAME_READINGS];
    size_t count;
    char found[512] = "";
    assert_ok(hub_name_parse(names, &count, text, part, error));
    if (number < count)
        snprintf(found, sizeof found, "%s %s %s", names[number].name,
                 names[number].revision ? names[number].revision : "-",
                 names[number].path ? names[number].path : "-");
    hub_names_free(names, count);
    assert_string_equal(found, expected);
}

static void test_names_of_models(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"bert-base-uncased", "bert-base-uncased - -"},
        {"google/bert_uncased_L-2_H-128_A-2", "google/bert_uncased_L-2_H-128_A-2 - -"},
        {"a/b@v1", "a/b v1 -"},
        {"a@refs/pr/1", "a refs/pr/1 -"},
        {"a/b@feature%2Fx", "a/b feature/x -"},
        {"hf://a/b@main", "a/b main -"},
        {"vocab.txt", "vocab.txt - -"}, /* a file that is missing looks like a name */
        {"a/b/c", ""},
        {"./a", ""},
        {"/a", ""},
        {"a/", ""},
        {"../a", ""},
        {"a@", ""},
        {"a@../b", ""},
        {"", ""},
        {"x=y:1", ""},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_reading(names[i][0], BERT_HUB_TOKENIZER, 0, names[i][1]);
    hub_name found[HUB_NAME_READINGS];
    size_t count;
    static const char *const bad[] = {"hf://", "hf://a/b/c", "hf://a@", "hf://..", "hf://a@b/../c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(hub_name_parse(found, &count, bad[i], BERT_HUB_MODEL, error),
                     BERT_ERROR_INVALID_ARGUMENT, "expected hf://[OWNER/]NAME[@REVISION]");
    assert_fails(hub_name_parse(found, &count, "hf://datasets/a", BERT_HUB_MODEL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "is a data set");
}

static void test_names_of_data_sets(void **state)
{
    (void)state;
    static const char *const names[][3] = {
        {"hf://datasets/wikitext", "wikitext - -", ""},
        {"hf://datasets/a/b", "a/b - -", "a - b"},
        {"hf://datasets/a/b/", "a/b - -", "a - b"},
        {"hf://datasets/a/b/c/*.txt", "a/b - c/*.txt", "a - b/c/*.txt"},
        {"hf://datasets/a/b@v1/c", "a/b v1 c", ""},
        {"hf://datasets/a@v1/b/c", "a v1 b/c", ""},
        {"hf://datasets/a@~parquet/b", "a refs/convert/parquet b", ""},
        {"hf://datasets/a/b@refs/convert/parquet/c/d", "a/b refs/convert/parquet c/d", ""},
        {"hf://datasets/a/b@refs%2Fpr%2f3", "a/b refs/pr/3 -", ""},
        {"hf://datasets/a/train.txt", "a/train.txt - -", "a - train.txt"},
        {"hf://datasets/a/[b]/c", "a - [b]/c", ""}, /* [b] is no name */
        {"a/b", "", ""},                            /* a path */
        {"a.txt", "", ""},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_reading(names[i][0], BERT_HUB_FILES, 0, names[i][1]);
        assert_reading(names[i][0], BERT_HUB_FILES, 1, names[i][2]);
    }
    hub_name found[HUB_NAME_READINGS];
    size_t count;
    static const char *const bad[] = {"hf://datasets/",       "hf://datasets/a/../b",
                                      "hf://datasets//a",     "hf://datasets/a@",
                                      "hf://datasets/a@x//b", "hf://datasets/a/b\nc"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(hub_name_parse(found, &count, bad[i], BERT_HUB_FILES, error),
                     BERT_ERROR_INVALID_ARGUMENT, "expected hf://datasets/[OWNER/]NAME");
    assert_fails(hub_name_parse(found, &count, "hf://a/b", BERT_HUB_FILES, error),
                 BERT_ERROR_INVALID_ARGUMENT, "text comes from a data set");
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const good[] = {"config.json", "a/b/c",  "..a",     "a../b",
                                       ".hidden",     "a b\\c", "\xC3\xA9"};
    static const char *const bad[] = {"",     "/a",   "a/",    "a//b",  ".",     "..",
                                      "../a", "a/..", "a/./b", "a\x01", "a\x7F", "a\n"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(repository_path_check("model x", good[i], error));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_fails(repository_path_check("model x", bad[i], error), BERT_ERROR_INPUT,
                     "unsafe file name");
        assert_fails(revision_check(bad[i], error), BERT_ERROR_INVALID_ARGUMENT,
                     "not a valid revision");
    }
    assert_ok(revision_check("refs/convert/parquet", error));
    assert_true(commit_is_valid("0123456789abcdef0123456789abcdef01234567"));
    assert_false(commit_is_valid("0123456789abcdef0123456789abcdef0123456"));
    assert_false(commit_is_valid("0123456789ABCDEF0123456789abcdef01234567"));
    assert_false(commit_is_valid("0123456789abcdef0123456789abcdef012345678"));
}

static void test_patterns(void **state)
{
    (void)state;
    assert_true(pattern_list_matches("*.json", "config.json"));
    assert_true(pattern_list_matches("x,*.json", "onnx/config.json"));
    assert_true(pattern_list_matches("onnx/*,", "onnx/a/b"));
    assert_false(pattern_list_matches("*.json", "model.safetensors"));
    assert_false(pattern_list_matches("", "a"));
    assert_false(pattern_list_matches(",", ""));
}

static void check_origin(const char *url, const char *expected)
{
    char *origin;
    assert_ok(url_origin(&origin, url, error));
    assert_string_equal(origin, expected);
    free(origin);
}

static void test_origins(void **state)
{
    (void)state;
    check_origin("https://HuggingFace.co/a?b", "https://huggingface.co:443");
    check_origin("http://localhost:80/x", "http://localhost:80");
    check_origin("http://[::1]:8080/", "http://[::1]:8080");
    static const char *const bad[] = {
        "file:///etc/passwd", "ftp://a/b", "a/b", "", "javascript:x", "https://user:secret@host/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *origin;
        bert_error problem = {0};
        assert_int_equal(url_origin(&origin, bad[i], &problem), BERT_ERROR_INPUT);
        assert_null(origin);
        assert_null(strstr(problem.message, "secret"));
    }
    assert_true(url_same_origin("https://hub:443/x", "https://hub:443"));
    assert_true(url_same_origin("https://hub/x", "https://hub:443"));
    assert_false(url_same_origin("http://hub:443/x", "https://hub:443"));
    assert_false(url_same_origin("https://hub.evil/x", "https://hub:443"));
    assert_false(url_same_origin("https://hub:444/x", "https://hub:443"));
    assert_false(url_same_origin("not a url", "https://hub:443"));
}

static void check_redirect(const char *from, const char *location, const char *expected)
{
    char *target;
    assert_ok(url_redirect(&target, from, location, error));
    assert_string_equal(target, expected);
    free(target);
}

static void test_redirects(void **state)
{
    (void)state;
    check_redirect("https://hub/a/b?c", "/d", "https://hub/d");
    check_redirect("https://hub/a/b", "d?e", "https://hub/a/d?e");
    check_redirect("https://hub/a", "//cdn/x", "https://cdn/x");
    check_redirect("https://hub/a", "https://cdn/x?Signature=%2F", "https://cdn/x?Signature=%2F");
    check_redirect("http://hub/a", "https://cdn/x", "https://cdn/x");
    char *target;
    assert_fails(url_redirect(&target, "https://hub/a", "http://hub/a", error), BERT_ERROR_INPUT,
                 "from https to plain http");
    assert_null(target);
    assert_fails(url_redirect(&target, "https://hub/a", "file:///etc/passwd", error),
                 BERT_ERROR_INPUT, "rejected");
    assert_fails(url_redirect(&target, "http://hub/a", "gopher://x/", error), BERT_ERROR_INPUT, "");
}

static void test_urls_of_a_repository(void **state)
{
    (void)state;
    hub_repository repository;
    char *url;
    assert_ok(
        hub_repository_open(&repository, "https://hub", "a/b", BERT_REPOSITORY_DATASET, error));
    assert_ok(hub_api_url(&url, &repository, "revision", "refs/convert/parquet", error));
    assert_string_equal(url, "https://hub/api/datasets/a/b/revision/refs%2Fconvert%2Fparquet");
    free(url);
    assert_ok(hub_file_url(&url, &repository, "main", "x/a b?#%.txt", error));
    assert_string_equal(url, "https://hub/datasets/a/b/resolve/main/x/a%20b%3F%23%25.txt");
    free(url);
    hub_repository_free(&repository);
    text shown = {0};
    assert_ok(url_shown(&shown, "https://u:p@cdn/x?Signature=s#f", error));
    assert_string_equal(shown.data, "https://cdn/x");
    text_free(&shown);
}

static void check_digest(digest_kind kind, const char *content, const char *expected)
{
    char path[300], digits[DIGEST_MAX_DIGITS + 1];
    snprintf(path, sizeof path, "%s/file", testing_directory());
    assert_ok(file_write(path, content, strlen(content), error));
    int descriptor = open(path, O_RDONLY);
    assert_ok(digest_descriptor(digits, kind, descriptor, strlen(content), path, error));
    assert_string_equal(digits, expected);
    assert_fails(digest_descriptor(digits, kind, descriptor, strlen(content) + 1, path, error),
                 BERT_ERROR_INPUT, "ends at byte");
    close(descriptor);
    *strrchr(path, '/') = '\0';
    assert_ok(directory_remove(path, error));
}

/* The values printed by sha256sum and git hash-object. */
static void test_digests(void **state)
{
    (void)state;
    check_digest(DIGEST_SHA256, "",
                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest(DIGEST_SHA256, "abc",
                 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest(DIGEST_GIT_SHA1, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    check_digest(DIGEST_GIT_SHA1, "Hello, World!", "b45ef6fec89518d314f546fd6c3025367b721684");
    digest_kind kind;
    assert_true(digest_kind_of(&kind, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"));
    assert_int_equal(kind, DIGEST_GIT_SHA1);
    assert_false(digest_kind_of(&kind, "../../e69de29bb2d1d6434b8b29ae775ad8c2e4"));
    assert_false(digest_kind_of(&kind, ""));
}

static void test_choice_of_weights(void **state)
{
    (void)state;
    static const char *const paths[] = {"pytorch_model.bin",
                                        "model-00001-of-00002.safetensors",
                                        "model.safetensors.index.json",
                                        "config.json",
                                        "onnx/config.json",
                                        "model-00002-of-00002.safetensors",
                                        "README.md",
                                        "optimizer.safetensors"};
    enum { COUNT = sizeof paths / sizeof paths[0] };
    bool chosen[COUNT] = {0};
    assert_int_equal(selection_model(chosen, paths, COUNT, false), 4);
    assert_true(chosen[1] && chosen[2] && chosen[3] && chosen[5]);
    assert_int_equal(selection_model(chosen, paths, COUNT, true), 5);
    assert_true(chosen[6]);
    assert_int_equal(selection_model(chosen, paths, 1, false), 1);
    assert_true(selection_is_weights(paths[1]) && !selection_is_weights(paths[7]));
}

static void test_choice_of_splits(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "a/test/0000.parquet", "a/partial-train/0000.parquet", "b/train/0000.parquet", "README.md",
        "c/x.parquet",         "d/e/f/0000.parquet",           "e/train/.parquet"};
    enum { COUNT = sizeof paths / sizeof paths[0] };
    bool chosen[COUNT] = {0}, partial;
    assert_ok(selection_dataset(chosen, paths, COUNT, "a", "train", "data set x", &partial, error));
    assert_true(partial && chosen[1] && !chosen[0] && !chosen[2]);
    memset(chosen, 0, sizeof chosen);
    assert_ok(selection_dataset(chosen, paths, COUNT, "a", NULL, "data set x", &partial, error));
    assert_true(chosen[0] && chosen[1] && !chosen[2]);
    memset(chosen, 0, sizeof chosen);
    assert_ok(selection_dataset(chosen, paths, 1, NULL, NULL, "data set x", &partial, error));
    assert_true(chosen[0] && !partial);
    assert_fails(selection_dataset(chosen, paths, COUNT, NULL, NULL, "data set x", &partial, error),
                 BERT_ERROR_INVALID_ARGUMENT, "a, b");
    assert_fails(selection_dataset(chosen, paths, COUNT, "z", NULL, "data set x", &partial, error),
                 BERT_ERROR_INVALID_ARGUMENT, "no configuration \"z\"; there are a, b");
    assert_fails(selection_dataset(chosen, paths, COUNT, "a", "z", "data set x", &partial, error),
                 BERT_ERROR_INVALID_ARGUMENT, "no split \"z\"; there are test, train");
    assert_fails(selection_dataset(chosen, paths + 3, 1, NULL, NULL, "x", &partial, error),
                 BERT_ERROR_INPUT, "params->include");
}

static void test_retry_after(void **state)
{
    (void)state;
    assert_true(retry_after(NULL, 0) == 0);
    assert_true(retry_after("120", 0) == 120);
    assert_true(retry_after("99999999999999999999", 0) == 1e9);
    assert_true(retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40) == 60);
    assert_true(retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 200) == 0);
    assert_true(retry_after("-5", 0) == 0);
    assert_true(retry_after("soon", 0) == 0);
    assert_true(retry_status(429) && retry_status(503) && !retry_status(404) && !retry_status(501));
}

static void test_settings(void **state)
{
    (void)state;
    static const char *const variables[] = {"HF_ENDPOINT",
                                            "HF_TOKEN",
                                            "HUGGING_FACE_HUB_TOKEN",
                                            "HF_TOKEN_PATH",
                                            "HF_HUB_CACHE",
                                            "HF_HUB_OFFLINE",
                                            "HUGGINGFACE_HUB_CACHE",
                                            "TRANSFORMERS_OFFLINE",
                                            "XDG_CACHE_HOME",
                                            "HF_HUB_DOWNLOAD_TIMEOUT"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    setenv("HOME", "/nowhere", 1);
    unsetenv("HF_HOME");
    bert_hub_options options = bert_hub_options_default();
    hub_settings settings;
    assert_ok(hub_settings_read(&settings, &options, error));
    assert_string_equal(settings.endpoint, "https://huggingface.co");
    assert_string_equal(settings.cache, "/nowhere/.cache/huggingface/hub");
    assert_null(settings.token);
    assert_false(settings.offline);
    assert_int_equal(settings.timeout, 30);
    hub_settings_free(&settings);

    setenv("HF_HOME", "~/hf", 1);
    setenv("HF_ENDPOINT", "http://mirror:8080/hub//", 1);
    setenv("HF_TOKEN", " hf_x\n", 1);
    setenv("HF_HUB_OFFLINE", "ON", 1);
    assert_ok(hub_settings_read(&settings, &options, error));
    assert_string_equal(settings.endpoint, "http://mirror:8080/hub");
    assert_string_equal(settings.cache, "/nowhere/hf/hub");
    assert_string_equal(settings.token, "hf_x");
    assert_true(settings.offline);
    hub_settings_free(&settings);

    options.token = "";
    options.cache = "/cache";
    options.endpoint = "file:///x";
    assert_fails(hub_settings_read(&settings, &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "HF_ENDPOINT");
    hub_settings_free(&settings);
    options.endpoint = "https://h";
    setenv("HF_HUB_DOWNLOAD_TIMEOUT", "soon", 1);
    assert_fails(hub_settings_read(&settings, &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"soon\"");
    hub_settings_free(&settings);
    options.timeout = 7;
    assert_ok(hub_settings_read(&settings, &options, error));
    assert_null(settings.token);
    assert_string_equal(settings.cache, "/cache");
    assert_int_equal(settings.timeout, 7);
    hub_settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repository_names),
        cmocka_unit_test(test_names_of_models),
        cmocka_unit_test(test_names_of_data_sets),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_urls_of_a_repository),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_choice_of_weights),
        cmocka_unit_test(test_choice_of_splits),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
