/* Stands between a process and its disk (LD_PRELOAD): fails what it is told to fail, and keeps account of which octets of each journal were
 * written and which of them were synced, so that a power cut can be played after the process is gone.
 *
 * FAULTS_FILE is mapped and shared with the test; FAULTS_DIR is the directory whose files are meant. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE = 0, FULL = 1, SYNC_FAILS = 2 };
enum { JOURNALS = 256, PATH = 240, FILES = 4096 };

struct journal {
    char path[PATH];
    uint64_t written;
    uint64_t synced;
};

struct shared {
    volatile uint32_t mode;
    uint32_t journals;
    struct journal journal[JOURNALS];
};

/* What a descriptor was when it was last looked at; another inode means that it is another file now. */
struct file {
    ino_t inode;
    int kind; /* 0 not ours, 1 below the directory, 2 + n journal n */
};

static struct shared *shared;
static const char *directory;
static struct file files[FILES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void start(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    directory = getenv("FAULTS_DIR");
    const char *name = getenv("FAULTS_FILE");
    if (!directory || !name) return;
    int fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) abort();
    shared = map;
}

static int look(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, directory, strlen(directory)) != 0) return 0;
    size_t ending = strlen(".jnl");
    if ((size_t)length < ending || length >= PATH || strcmp(path + length - ending, ".jnl") != 0) return 1;
    for (uint32_t n = 0; n < shared->journals; n++)
        if (strcmp(shared->journal[n].path, path) == 0) return 2 + (int)n;
    if (shared->journals == JOURNALS) abort();
    struct journal *journal = &shared->journal[shared->journals];
    strcpy(journal->path, path);
    journal->written = journal->synced = 0;
    return 2 + (int)shared->journals++;
}

static int kind(int fd) {
    if (!shared || fd < 0 || fd >= FILES) return 0;
    struct stat status;
    if (fstat(fd, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
    pthread_mutex_lock(&mutex);
    if (files[fd].inode != status.st_ino) files[fd] = (struct file){status.st_ino, look(fd)};
    int kind = files[fd].kind;
    pthread_mutex_unlock(&mutex);
    return kind;
}

static void wrote(int fd, int kind, ssize_t octets) {
    if (kind < 2) return;
    off_t at = lseek(fd, 0, SEEK_CUR);
    struct journal *journal = &shared->journal[kind - 2];
    /* What stands before the first octet of this process was there when the power came back. */
    if (journal->written == 0) journal->synced = (uint64_t)(at - octets);
    if (at > 0 && (uint64_t)at > journal->written) journal->written = (uint64_t)at;
}

ssize_t write(int fd, const void *octets, size_t length) {
    int what = kind(fd), error = errno;
    if (what && shared->mode == FULL) return errno = ENOSPC, -1;
    errno = error;
    ssize_t done = real_write(fd, octets, length);
    error = errno;
    if (done > 0) wrote(fd, what, done);
    errno = error;
    return done;
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    int what = kind(fd), error = errno;
    if (what && shared->mode == FULL) return errno = ENOSPC, -1;
    errno = error;
    ssize_t done = real_writev(fd, pieces, count);
    error = errno;
    if (done > 0) wrote(fd, what, done);
    errno = error;
    return done;
}

static int sync_with(int fd, int (*real)(int)) {
    int what = kind(fd);
    if (what && shared->mode == SYNC_FAILS) return errno = EIO, -1;
    uint64_t written = what >= 2 ? shared->journal[what - 2].written : 0;
    int done = real(fd);
    if (done == 0 && what >= 2 && written > shared->journal[what - 2].synced) shared->journal[what - 2].synced = written;
    return done;
}

int fsync(int fd) { return sync_with(fd, real_fsync); }
int fdatasync(int fd) { return sync_with(fd, real_fdatasync); }
