/* The Hub's JSON answers, of any content, and names on the Hub: the first byte says which one it is
 * to be. What is taken is safe to use as a path, a URL, a header line or on a terminal. */
#include "fuzz.h"

#include "hub/hub_name.h"
#include "hub/names.h"
#include "hub/responses.h"
#include "hub/url.h"

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void check_path(const char *relative)
{
    char path[2048]; /* with a slash around it, so that each part is between two */
    snprintf(path, sizeof path, "/%s/", relative);
    if (strstr(path, "/../") || strstr(path, "/./") || strstr(path, "//") || strchr(path, '\n'))
        fuzz_fail("a path that leaves its folder");
}

static void check_listing(const text *answer)
{
    hub_listing listing;
    if (hub_listing_parse(&listing, answer, "model x", NULL) != BERT_OK)
        return;
    if (!commit_is_valid(listing.commit))
        fuzz_fail("a commit that is none");
    for (size_t i = 0; i < listing.count; i++)
        check_path(listing.paths[i]);
    hub_listing_free(&listing);
}

static void check_url(const char *url)
{
    char *origin;
    if (url_origin(&origin, url, NULL) != BERT_OK)
        fuzz_fail("a URL that is none");
    free(origin);
}

static void check_action(const text *answer)
{
    lfs_action action;
    if (lfs_action_parse(&action, answer, DIGEST, 1000, "file", NULL) != BERT_OK)
        return;
    if (!action.there)
        check_url(action.url);
    for (size_t i = 0; i < action.part_count; i++)
        check_url(action.parts[i]);
    if (action.parts && (action.part_count - 1) * action.part_size >= 1000)
        fuzz_fail("a part behind the end");
    for (size_t i = 0; i < action.header_count; i++)
        if (strpbrk(action.headers[i], "\r\n"))
            fuzz_fail("a header of two lines");
    lfs_action_free(&action);
}

static void check_identity(const text *answer)
{
    bert_whoami_result identity = {0};
    if (hub_identity_parse(&identity, answer, "token", NULL) == BERT_OK)
        for (const char *c = identity.name; *c; c++)
            if ((unsigned char)*c < 0x20)
                fuzz_fail("a name with a control character");
    bert_whoami_result_free(&identity);
}

static void check_name(const uint8_t *data, size_t size, bert_hub_part part)
{
    hub_name names[HUB_NAME_READINGS];
    size_t count;
    char *name = strndup((const char *)data, size); /* with its end, as a command line has it */
    if (!name)
        fuzz_fail("no memory");
    bert_status status = hub_name_parse(names, &count, name, part, NULL);
    free(name);
    if (status != BERT_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        check_path(names[i].name);
        if (names[i].revision)
            check_path(names[i].revision);
        if (names[i].path)
            check_path(names[i].path);
    }
    hub_names_free(names, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"config.json", "model.safetensors"};
    if (size == 0)
        return 0;
    char *copy = fuzz_copy(data + 1, size - 1);
    text answer = {.data = copy, .length = size - 1};
    hub_upload_mode modes[2];
    char commit[41];
    switch (data[0] % 6) {
    case 0:
        check_listing(&answer);
        break;
    case 1:
        check_action(&answer);
        break;
    case 2:
        hub_upload_modes_parse(modes, paths, 2, &answer, "model x", NULL);
        break;
    case 3:
        check_identity(&answer);
        break;
    case 4:
        check_name(data + 1, size - 1, BERT_HUB_FILES);
        check_name(data + 1, size - 1, BERT_HUB_MODEL);
        break;
    default:
        if (hub_commit_parse(commit, &answer, "model x", NULL) == BERT_OK &&
            !commit_is_valid(commit))
            fuzz_fail("a commit that is none");
    }
    free(copy);
    return 0;
}
