/* A disk that fails when it is told to: between the C library and a test's process, for files of one directory. What it is to
 * do stands in a file: "sync" fails a sync, "full" fails writes, "tables" those of tables, "torn" writes half of what is asked and ends the process. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef ssize_t writing(int, const void *, size_t);
typedef int syncing(int);

/* What is to go wrong with this file. */
static int is_told(int file, const char *fault) {
    const char *directory = getenv("EDGEBIND_FAULTS_IN"), *told = getenv("EDGEBIND_FAULT");
    char name[64], path[4096], content[16];
    if (!directory || !told) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (strncmp(path, directory, strlen(directory))) return 0;
    int from = open(told, O_RDONLY);
    if (from < 0) return 0;
    length = read(from, content, sizeof content - 1);
    close(from);
    if (length <= 0) return 0;
    content[length] = 0;
    if (!strcmp(content, "tables")) return !strcmp(fault, "full") && strstr(path, "/tables/");
    return !strcmp(content, fault);
}

ssize_t write(int file, const void *octets, size_t count) {
    writing *next = (writing *)dlsym(RTLD_NEXT, "write");
    if (is_told(file, "full")) {
        errno = ENOSPC;
        return -1;
    }
    if (is_told(file, "torn")) {
        next(file, octets, count / 2);
        _exit(9);
    }
    return next(file, octets, count);
}

static int sync_by(const char *name, int file) {
    syncing *next = (syncing *)dlsym(RTLD_NEXT, name);
    if (is_told(file, "sync")) {
        errno = EIO;
        return -1;
    }
    return next(file);
}

int fsync(int file) { return sync_by("fsync", file); }
int fdatasync(int file) { return sync_by("fdatasync", file); }
