/* Parsing and validation of the Hub's JSON responses. */
#include "testing.h"

#include "hub/responses.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static text as_text(const char *content)
{
    return (text){.data = (char *)(uintptr_t)content, .length = strlen(content)};
}

static void test_listing(void **state)
{
    (void)state;
    hub_listing listing;
    text answer = as_text("{\"id\": \"x\", \"sha\": \"" COMMIT "\", \"siblings\": "
                          "[{\"rfilename\": \"config.json\", \"size\": 3}, "
                          "{\"rfilename\": \"a/b\"}]}");
    assert_ok(hub_listing_parse(&listing, &answer, "model x", error));
    assert_string_equal(listing.commit, COMMIT);
    assert_int_equal(listing.count, 2);
    assert_string_equal(listing.paths[1], "a/b");
    hub_listing_free(&listing);

    answer = as_text("{\"sha\": \"" COMMIT "\", \"siblings\": [{\"rfilename\": \"a\"}, "
                     "{\"rfilename\": \"../a\"}]}");
    assert_fails(hub_listing_parse(&listing, &answer, "model x", error), BERT_ERROR_INPUT,
                 "model x: unsafe file name \"../a\"");
    assert_int_equal(listing.count, 0);
    answer = (text){0};
    assert_fails(hub_listing_parse(&listing, &answer, "model x", error), BERT_ERROR_INPUT,
                 "invalid JSON");
}

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* As the Hub answers ?blobs=true; of an LFS file, "blobId" is that of its pointer. */
static void test_facts_of_files(void **state)
{
    (void)state;
    hub_listing listing;
    text answer = as_text(
        "{\"sha\": \"" COMMIT "\", \"siblings\": ["
        "{\"rfilename\": \"config.json\", \"size\": 570, \"blobId\": \"" COMMIT "\"}, "
        "{\"rfilename\": \"model.safetensors\", \"size\": 440449768, \"blobId\": \"" COMMIT "\", "
        "\"lfs\": {\"sha256\": \"" SHA256 "\", \"size\": 440449768, \"pointerSize\": 134}}, "
        "{\"rfilename\": \"empty\", \"size\": 0}, "
        "{\"rfilename\": \"odd\", \"size\": -1, \"blobId\": \"../../x\"}, "
        "{\"rfilename\": \"odder\", \"size\": \"1\", \"blobId\": 1, \"lfs\": {}}]}");
    assert_ok(hub_listing_parse(&listing, &answer, "model x", error));
    assert_true(listing.facts[0].has_size && listing.facts[0].size == 570);
    assert_string_equal(listing.facts[0].digest, COMMIT);
    assert_true(listing.facts[1].has_size && listing.facts[1].size == 440449768);
    assert_string_equal(listing.facts[1].digest, SHA256);
    assert_true(listing.facts[2].has_size && listing.facts[2].size == 0);
    for (size_t i = 3; i < 5; i++) {
        assert_false(listing.facts[i].has_size);
        assert_string_equal(listing.facts[i].digest, "");
    }
    hub_listing_free(&listing);
}

static void test_upload_modes(void **state)
{
    (void)state;
    static const char *const paths[] = {"a", "b", "c"};
    hub_upload_mode modes[3];
    text answer =
        as_text("{\"files\": [{\"path\": \"b\", \"uploadMode\": \"lfs\", \"shouldIgnore\": true, "
                "\"oid\": null}, "
                "{\"path\": \"c\", \"uploadMode\": \"regular\"}, "
                "{\"path\": \"a\", \"uploadMode\": \"regular\", \"oid\": \"" COMMIT "\"}]}");
    assert_ok(hub_upload_modes_parse(modes, paths, 3, &answer, "model x", error));
    assert_true(!modes[0].large && modes[1].large && modes[1].ignored && !modes[2].ignored);
    assert_string_equal(modes[0].digest, COMMIT);
    assert_string_equal(modes[1].digest, "");
    answer = as_text("{\"files\": [{\"path\": \"a\", \"uploadMode\": \"lfs\"}]}");
    assert_fails(hub_upload_modes_parse(modes, paths, 3, &answer, "model x", error),
                 BERT_ERROR_INPUT, "no entry for b");
}

static bert_status parse_action(lfs_action *action, const char *object, uint64_t size,
                                bert_error *error)
{
    char content[4096];
    snprintf(content, sizeof content, "{\"objects\": [{\"oid\": \"d\", %s}]}", object);
    text answer = as_text(content);
    return lfs_action_parse(action, &answer, "d", size, "file", error);
}

static void test_lfs_actions(void **state)
{
    (void)state;
    lfs_action action;
    assert_ok(parse_action(&action, "\"size\": 5", 5, error));
    assert_true(action.there);
    lfs_action_free(&action);

    assert_ok(parse_action(&action,
                           "\"actions\": {\"upload\": {\"href\": \"https://s/x\", \"header\": "
                           "{\"A\": \"b c\"}}, \"verify\": {\"href\": \"https://h/v\"}}",
                           5, error));
    assert_false(action.there);
    assert_string_equal(action.url, "https://s/x");
    assert_string_equal(action.verify_url, "https://h/v");
    assert_int_equal(action.header_count, 1);
    assert_string_equal(action.headers[0], "A: b c");
    lfs_action_free(&action);

    /* 5 bytes in parts of 2: three parts, in any order and spelling of their numbers. */
    assert_ok(parse_action(&action,
                           "\"actions\": {\"upload\": {\"href\": \"https://s/x\", \"header\": "
                           "{\"chunk_size\": \"2\", \"00003\": \"https://s/3\", \"00001\": "
                           "\"https://s/1\", \"00002\": \"https://s/2\"}}}",
                           5, error));
    assert_int_equal(action.part_count, 3);
    assert_int_equal(action.part_size, 2);
    assert_string_equal(action.parts[2], "https://s/3");
    lfs_action_free(&action);

    assert_fails(parse_action(&action,
                              "\"actions\": {\"upload\": {\"href\": \"https://s/x\", \"header\": "
                              "{\"chunk_size\": 1, \"1\": \"https://s/1\"}}}",
                              UINT64_MAX, error),
                 BERT_ERROR_INPUT, "the response has fewer");
    /* What was parsed before the error is freed (detected by sanitizers). */
    assert_fails(parse_action(&action,
                              "\"actions\": {\"upload\": {\"href\": \"https://s/x\", \"header\": "
                              "{\"chunk_size\": 3, \"2\": \"https://s/2\", \"1\": \"ftp://s/1\"}}}",
                              5, error),
                 BERT_ERROR_INPUT, "rejected");
    assert_fails(parse_action(&action, "\"actions\": {\"upload\": {\"href\": \"x\"}}", 5, error),
                 BERT_ERROR_INPUT, "href");
    assert_fails(parse_action(&action, "\"actions\": {\"upload\": 5}", 5, error), BERT_ERROR_INPUT,
                 "href");
}

static void test_commit(void **state)
{
    (void)state;
    char commit[41];
    text answer = as_text("{\"success\": true, \"commitOid\": \"" COMMIT "\"}");
    assert_ok(hub_commit_parse(commit, &answer, "model x", error));
    assert_string_equal(commit, COMMIT);
    answer = as_text("{\"commitOid\": 1}");
    assert_fails(hub_commit_parse(commit, &answer, "model x", error), BERT_ERROR_INPUT,
                 "expected a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listing),      cmocka_unit_test(test_facts_of_files),
        cmocka_unit_test(test_upload_modes), cmocka_unit_test(test_lfs_actions),
        cmocka_unit_test(test_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
