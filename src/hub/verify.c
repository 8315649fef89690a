#include "hub/verify.h"

#include "hub/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bert_status check(text *problem, int descriptor, const char *path,
                         const hub_file_facts *facts, bool checksum, bert_error *error)
{
    struct stat information;
    if (fstat(descriptor, &information) != 0)
        return error_set_errno(error, errno, "%s: cannot read", path);
    if (!S_ISREG(information.st_mode))
        return text_format(problem, error, "is not a file");
    uint64_t size = (uint64_t)information.st_size;
    if (facts->has_size && size != facts->size)
        return text_format(problem, error, "has %" PRIu64 " bytes, expected %" PRIu64, size,
                           facts->size);
    digest_kind kind;
    if (!checksum || !digest_kind_of(&kind, facts->digest))
        return BERT_OK;
    char digits[DIGEST_MAX_DIGITS + 1];
    TRY(digest_descriptor(digits, kind, descriptor, size, path, error));
    return strcmp(digits, facts->digest) == 0
               ? BERT_OK
               : text_format(problem, error, "has the checksum %s, expected %s", digits,
                             facts->digest);
}

bert_status verify_file(text *problem, const char *path, const hub_file_facts *facts, bool checksum,
                        bert_error *error)
{
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* do not block on a pipe */
    if (descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open", path);
    bert_status status = check(problem, descriptor, path, facts, checksum, error);
    close(descriptor);
    return status;
}
