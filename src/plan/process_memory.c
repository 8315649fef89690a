#include "plan/process_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number after `key` in lines of "key:   123 kB", in bytes; 0 where it is not there. */
static uint64_t find_kilobytes(const char *path, const char *key)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    char line[256];
    uint64_t kilobytes = 0;
    size_t length = strlen(key);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, length) == 0 && line[length] == ':' &&
            sscanf(line + length + 1, "%" SCNu64, &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes * 1024;
}

/* A file that holds one number; UINT64_MAX where there is none ("max"). */
static uint64_t read_number(const char *path)
{
    FILE *file = fopen(path, "r");
    uint64_t number;
    if (!file)
        return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &number) != 1)
        number = UINT64_MAX;
    fclose(file);
    return number;
}

uint64_t process_memory_now(void)
{
    return find_kilobytes("/proc/self/status", "VmRSS");
}

uint64_t process_memory_peak(void)
{
    return find_kilobytes("/proc/self/status", "VmHWM");
}

void process_memory_reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5", file);
    fclose(file);
}

uint64_t process_memory_available(void)
{
    uint64_t available = find_kilobytes("/proc/meminfo", "MemAvailable");
    uint64_t limit = read_number("/sys/fs/cgroup/memory.max");
    uint64_t used = read_number("/sys/fs/cgroup/memory.current");
    if (limit != UINT64_MAX && used != UINT64_MAX) {
        uint64_t left = limit > used ? limit - used : 0;
        available = left < available ? left : available;
    }
    return available;
}
