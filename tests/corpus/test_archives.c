/* Compressed files and archives in archives. */
#include "scratch.h"

#include "bert.h"
#include "kept.h"
#include "packed.h"

typedef struct member {
    char name[40];
    text data;
} member;

static member members[8];
static size_t member_count;
static text found;

static int tear_down(void **state)
{
    for (size_t i = 0; i < member_count; i++)
        text_free(&members[i].data);
    member_count = 0;
    text_free(&found);
    return scratch_remove(state);
}

/* Adds a member with this content, packed in that way (NULL: not at all). */
static void add_bytes(const char *name, const char *packing, const char *data, size_t length)
{
    assert_true(member_count < sizeof members / sizeof *members);
    member *added = &members[member_count++];
    snprintf(added->name, sizeof added->name, "%s", name);
    added->data = (text){0};
    if (packing)
        pack(&added->data, packing, "inside", data, length);
    else
        assert_ok(text_append(&added->data, data, length, error));
}

static void add(const char *name, const char *packing, const char *data)
{
    add_bytes(name, packing, data, strlen(data));
}

/* Packs the members, which are removed. */
static text pack_members(const char *packing)
{
    text packed = {0};
    struct archive *archive = pack_start(packing_named(packing), NULL, &packed);
    for (size_t i = 0; i < member_count; i++) {
        pack_member(archive, members[i].name, members[i].data.data, members[i].data.length);
        text_free(&members[i].data);
    }
    pack_end(archive);
    member_count = 0;
    return packed;
}

static void add_packed(const char *name, text packed)
{
    add_bytes(name, NULL, packed.data, packed.length);
    text_free(&packed);
}

static bert_status read_packed(const char *name, text packed, const char *field, bert_error *error)
{
    const char *path = scratch_write_bytes(name, packed.data, packed.length);
    text_free(&packed);
    bert_reader_options options = bert_reader_options_default();
    options.text_field = field;
    text_clear(&found);
    return bert_read_documents(&path, 1, &options, kept_append, &found, NULL, NULL, error);
}

static const char *const archives[] = {"zip", "tar", "old tar", "tar.gz", "tar.zst"};
enum { ARCHIVES = sizeof archives / sizeof *archives };

static void add_shards(void)
{
    add("a.jsonl.gz", "gzip", "{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n");
    add("b.jsonl.zst", "zstd", "{\"text\": \"Three.\"}\n");
    add("empty.jsonl.xz", "xz", "");
    add("folder/c.csv.bz2", "bzip2", "id,\"text\"\n1,\"Four, or\nfive.\"\n");
    add("d.csv", NULL, "text,id\nSix.,1\n");
    add("e.tsv.lz4", "lz4", "text\tid\nSay \"seven\".\t1\n");
}

static const char shards[] = "One.|Two.|Three.|Four, or\nfive.|Six.|Say \"seven\".|";

static void test_compressed_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARCHIVES; i++) {
        add_shards();
        assert_ok(read_packed("a", pack_members(archives[i]), "text", error));
        assert_string_equal(found.data, shards);
    }
}

/* A file in each of two archives, and a file after them. */
static void test_archives_in_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARCHIVES; i++)
        for (size_t j = 0; j < ARCHIVES; j++) {
            add_shards();
            text inner = pack_members(archives[j]), copy = {0};
            assert_ok(text_append(&copy, inner.data, inner.length, error));
            add("first.jsonl", NULL, "{\"text\": \"First.\"}\n");
            add_packed("inner", inner);
            add_packed("folder/again.bin", copy);
            add("last.jsonl.gz", "gzip", "{\"text\": \"Last.\"}\n");
            assert_ok(read_packed("outer", pack_members(archives[i]), "text", error));
            text expected = {0};
            assert_ok(text_format(&expected, error, "First.|%s%sLast.|", shards, shards));
            assert_string_equal(found.data, expected.data);
            text_free(&expected);
        }
}

static void test_members_are_named(void **state)
{
    (void)state;
    add("a.csv", NULL, "text,id\nOne.,1\n");
    add("x/b.csv.gz", "gzip", "text,id\nOne.,1\nTwo.\n");
    text inner = pack_members("tar");
    add("c.txt", NULL, "Prose.\n");
    add_packed("in.tar", inner);
    assert_fails(read_packed("out.zip", pack_members("zip"), NULL, error), BERT_ERROR_INPUT,
                 "/out.zip/in.tar/x/b.csv.gz:3: has 1 columns, but the first row has 2");

    text damaged = {0};
    pack(&damaged, "gzip", "a", "Some words.\n", 12);
    damaged.length -= 3;
    add("a.txt", NULL, "One.\n");
    add_packed("b.txt.gz", damaged);
    assert_fails(read_packed("a.tar", pack_members("tar"), NULL, error), BERT_ERROR_INPUT,
                 "/a.tar/b.txt.gz: cannot decompress at byte ");

    add("a.txt", NULL, "One.\n");
    add("b.txt", "zip", "Two.\n");
    members[1].data.length = 41;
    assert_fails(read_packed("a.tar", pack_members("tar"), NULL, error), BERT_ERROR_INPUT,
                 "/a.tar/b.txt: cannot unpack at byte ");
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    add("a.txt", NULL, "One.\n");
    add_packed("third.zip", pack_members("zip"));
    add_packed("second.tar", pack_members("tar"));
    assert_fails(read_packed("first.tar.gz", pack_members("tar.gz"), NULL, error), BERT_ERROR_INPUT,
                 "/first.tar.gz/second.tar/third.zip: is zip inside 2 archives, expected at most 2 "
                 "in each other; unpack the outer one first");
    text once = {0}, twice = {0}, thrice = {0};
    pack(&once, "gzip", "a", "One.\n", 5);
    pack(&twice, "xz", "a", once.data, once.length);
    pack(&thrice, "zstd", "a", twice.data, twice.length);
    assert_ok(read_packed("twice", twice, NULL, error));
    assert_string_equal(found.data, "One.|");
    assert_fails(read_packed("thrice", thrice, NULL, error), BERT_ERROR_INPUT,
                 "/thrice: is compressed more than 2 times; decompress it first");
    text_free(&once);
}

static void test_encrypted(void **state)
{
    (void)state;
    static const char *const ways[] = {"zip:encryption=traditional", "zip:encryption=aes128",
                                       "zip:encryption=aes256"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        text packed = {0};
        struct archive *archive = pack_start(packing_named("zip"), ways[i], &packed);
        pack_member(archive, "b.txt", "Secret text.\n", 13);
        pack_end(archive);
        assert_fails(read_packed("a.zip", packed, NULL, error), BERT_ERROR_UNSUPPORTED,
                     "/a.zip/b.txt: is encrypted; decrypt it");
    }
    add("x.7z", NULL, "7z\xBC\xAF\x27\x1C ...");
    assert_fails(read_packed("a.zip", pack_members("zip"), NULL, error), BERT_ERROR_UNSUPPORTED,
                 "/a.zip/x.7z: is a 7-Zip archive, which is not read");
}

static void test_documents_are_named(void **state)
{
    (void)state;
    static const char *const first[] = {"[Content_Types].xml", "_rels/.rels", "mimetype"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        add(first[i], NULL, "<x/>");
        add("word/document.xml", NULL, "<text>");
        assert_fails(read_packed("a.docx", pack_members("zip"), NULL, error),
                     BERT_ERROR_UNSUPPORTED,
                     "/a.docx: is a document of a word processor or an e-book, which is not read");
    }
    add("a.txt", NULL, "One.\n");
    add("mimetype", NULL, "Two.\n");
    assert_ok(read_packed("a.zip", pack_members("zip"), NULL, error));
    assert_string_equal(found.data, "One.|Two.|");
}

/* Links in an archive are other names of its files. */
static void test_links(void **state)
{
    (void)state;
    text packed = {0};
    struct archive *archive = pack_start(packing_named("tar"), NULL, &packed);
    pack_member(archive, "a.txt", "One.\n", 5);
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, "hard.txt");
    archive_entry_set_hardlink(entry, "a.txt");
    archive_entry_set_filetype(entry, AE_IFREG);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    archive_entry_clear(entry);
    archive_entry_set_pathname(entry, "soft.txt");
    archive_entry_set_symlink(entry, "a.txt");
    archive_entry_set_filetype(entry, AE_IFLNK);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    archive_entry_free(entry);
    pack_end(archive);
    assert_ok(read_packed("a.tar", packed, NULL, error));
    assert_string_equal(found.data, "One.|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compressed_members, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_archives_in_archives, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_members_are_named, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_is_bounded, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_encrypted, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_documents_are_named, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_links, scratch_make, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
