#include "report/metrics.h"

#include "base/memory.h"
#include "formats/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct metrics_log {
    int descriptor;
    char *path;
    text line;
};

/* The size in bytes of the log up to and including `last_step`. */
static bert_status find_end(size_t *end, const file_map *map, const char *path, int64_t last_step,
                            bert_error *error)
{
    const char *data = (const char *)map->data;
    *end = 0;
    for (size_t number = 1; *end < map->size; number++) {
        const char *line = data + *end;
        const char *stop = memchr(line, '\n', map->size - *end);
        if (!stop)
            return BERT_OK; /* an incomplete last line, from a crash while writing */
        json_t *object = json_loadb(line, (size_t)(stop - line), 0, NULL);
        json_t *step = json_object_get(object, "step");
        bool known = json_is_integer(step);
        int64_t value = json_integer_value(step);
        json_decref(object);
        if (!known)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%zu: not a JSON object with an integer \"step\"; repair the line, "
                             "or move the file away to continue without the earlier log",
                             path, number);
        if (value > last_step)
            return BERT_OK;
        *end += (size_t)(stop - line) + 1;
    }
    return BERT_OK;
}

static bert_status truncate_after(const char *path, int64_t last_step, bert_error *error)
{
    if (!file_exists(path))
        return BERT_OK;
    file_map map;
    size_t end = 0;
    TRY(file_map_open(&map, path, error));
    bert_status status = find_end(&end, &map, path, last_step, error);
    if (status == BERT_OK && end < map.size)
        status = file_write(path, map.data, end, error);
    file_map_close(&map);
    return status;
}

bert_status metrics_open(metrics_log **out, const char *run, const char *name, int64_t last_step,
                         bert_error *error)
{
    metrics_log *log;
    TRY(memory_array((void **)&log, 1, sizeof *log, "metrics log", error));
    log->descriptor = -1;
    bert_status status;
    TRY_OR_GO(status, path_join(&log->path, run, name, error), failed);
    TRY_OR_GO(status, truncate_after(log->path, last_step, error), failed);
    log->descriptor = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->descriptor < 0) {
        status = error_set_errno(error, errno, "%s: cannot open for appending", log->path);
        goto failed;
    }
    *out = log;
    return BERT_OK;
failed:
    metrics_close(log);
    return status;
}

bert_status metrics_write(metrics_log *log, const json_t *line, bert_error *error)
{
    text_clear(&log->line);
    TRY(json_format(&log->line, line, 0, error));
    TRY(text_append(&log->line, "\n", 1, error));
    const char *data = log->line.data;
    size_t left = log->line.length;
    while (left > 0) {
        ssize_t written = write(log->descriptor, data, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, errno, "%s: cannot write", log->path);
        data += written;
        left -= (size_t)written;
    }
    return BERT_OK;
}

bert_status metrics_sync(metrics_log *log, bert_error *error)
{
    if (fsync(log->descriptor) != 0)
        return error_set_errno(error, errno, "%s: cannot write to disk", log->path);
    return BERT_OK;
}

void metrics_close(metrics_log *log)
{
    if (!log)
        return;
    if (log->descriptor >= 0)
        close(log->descriptor);
    text_free(&log->line);
    free(log->path);
    free(log);
}
