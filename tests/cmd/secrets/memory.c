/* Loaded into mailca: when the process ends, writes what is left in its memory to the file that
 * MEMORY_DUMP names, and the map of it beside. Each piece is its address and length, then its bytes.
 * No function here allocates, so that nothing left behind is written over. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static char map[1 << 20];
static char limits[4096];

static int is_empty(const char *page, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (page[i])
            return 0;
    return 1;
}

static size_t slurp(const char *path, char *buffer, size_t room)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t count;
    if (file < 0)
        return 0;
    while (length < room && (count = read(file, buffer + length, room - length)) > 0)
        length += (size_t)count;
    close(file);
    return length;
}

static void spill(const char *name, const char *suffix, const char *text, size_t length)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", name, suffix);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || write(file, text, length) != (ssize_t)length)
        _exit(99);
    close(file);
}

__attribute__((destructor)) static void dump(void)
{
    const char *name = getenv("MEMORY_DUMP");
    const char *program = program_invocation_short_name;
    if (!name || (strcmp(program, "mailca") && strcmp(program, "CA.pl")))
        return;
    int dumpable = prctl(PR_GET_DUMPABLE);
    /* Else the files under /proc/self belong to root. */
    prctl(PR_SET_DUMPABLE, 1);
    spill(name, ".dumpable", dumpable ? "1" : "0", 1);
    spill(name, ".limits", limits, slurp("/proc/self/limits", limits, sizeof limits));
    size_t length = slurp("/proc/self/maps", map, sizeof map - 1);
    spill(name, ".map", map, length);
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        _exit(99);
    const char *line = map;
    while (*line) {
        unsigned long from, to;
        char modes[5];
        int known = sscanf(line, "%lx-%lx %4s", &from, &to, modes) == 3;
        const char *end = strchr(line, '\n');
        int ours = known && from <= (uintptr_t)map && (uintptr_t)map < to;
        int special = end && memmem(line, (size_t)(end - line), "[v", 2) != NULL;
        if (known && modes[0] == 'r' && modes[1] == 'w' && !ours && !special) {
            for (unsigned long page = from; page < to; page += 4096) {
                uint64_t header[2] = { page, 4096 };
                if (is_empty((const char *)page, 4096))
                    continue;
                if (write(file, header, sizeof header) != sizeof header
                    || write(file, (const void *)page, 4096) != 4096)
                    _exit(98);
            }
        }
        if (!end)
            break;
        line = end + 1;
    }
    close(file);
}
