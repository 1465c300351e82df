/* A disk that tells what it was asked to do: loaded before libc, it writes each change of a file or directory below
 * TEST_DISK to the journal TEST_JOURNAL, and each request to make changes durable, which it does not pass on. From the
 * journal tests/scenario/disk.py makes what a power cut at any moment could have left.
 *
 * A change and its record are one step: no other thread or process changes anything meanwhile. Files are known by
 * their inodes, names by their whole paths. Not seen are changes through mmap and through stdio: only SQLite's -shm,
 * which no power cut survives, and git's packing of refs are written so. A test compares journal and directory.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 'w', RESIZE = 't', CREATE = 'c', FOLDER = 'd', RENAME = 'r', LINK = 'l', REMOVE = 'u', SYNC = 's', ALL = 'a' };

struct header {
  uint64_t kind, inode, offset;
  uint32_t first, second; /* lengths of a path, and of data or another path, which follow */
};

static const char *root;
static size_t root_length;
static int journal = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void prepare(void) {
  const char *path = getenv("TEST_JOURNAL");
  root = getenv("TEST_DISK");
  if (!path || !root) return;
  root_length = strlen(root);
  journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void enter(void) {
  pthread_mutex_lock(&mutex);
  while (flock(journal, LOCK_EX) && errno == EINTR) continue;
}

static void leave(void) {
  int kept = errno;
  flock(journal, LOCK_UN);
  pthread_mutex_unlock(&mutex);
  errno = kept;
}

static void note(int kind, uint64_t inode, uint64_t offset, const char *path, const void *more, size_t length) {
  int kept = errno;
  struct header header = {kind, inode, offset, path ? strlen(path) : 0, length};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)path, header.first}, {(void *)more, length}};
  ssize_t written = syscall(SYS_writev, journal, parts, 3);
  if (written != (ssize_t)(sizeof header + header.first + length)) abort();
  errno = kept;
}

static int below(const char *path) {
  return journal >= 0 && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/* The whole path of what is named; whether it is on our disk. */
static int whole(int folder, const char *path, char *full) {
  char link[64];
  if (journal < 0 || !path) return 0;
  if (*path == '/') {
    snprintf(full, PATH_MAX, "%s", path);
    return below(full);
  }
  snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, full, PATH_MAX - 1);
  if (length < 0) return 0;
  snprintf(full + length, PATH_MAX - length, "/%s", path);
  return below(full);
}

/* Whether an open file is on our disk; if so, what it is. */
static int ours(int fd, struct stat *found) {
  char link[64], path[PATH_MAX];
  int kept = errno;
  ssize_t length = -1;
  if (journal >= 0 && fd != journal && !fstat(fd, found) && (S_ISREG(found->st_mode) || S_ISDIR(found->st_mode))) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
  }
  errno = kept;
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

/* Names */

int openat(int folder, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  char full[PATH_MAX];
  if (!(flags & (O_CREAT | O_TRUNC)) || !whole(folder, path, full)) return syscall(SYS_openat, folder, path, flags, mode);
  struct stat before, now;
  enter();
  int existed = !stat(full, &before);
  int fd = syscall(SYS_openat, folder, path, flags, mode);
  if (fd >= 0 && !fstat(fd, &now)) {
    if (!existed) note(CREATE, now.st_ino, 0, full, 0, 0);
    else if (now.st_size != before.st_size) note(RESIZE, now.st_ino, now.st_size, 0, 0, 0);
  }
  leave();
  return fd;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return openat(AT_FDCWD, path, flags, mode);
}

int creat(const char *path, mode_t mode) { return openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int mkdirat(int folder, const char *path, mode_t mode) {
  char full[PATH_MAX];
  struct stat now;
  if (!whole(folder, path, full)) return syscall(SYS_mkdirat, folder, path, mode);
  enter();
  int failed = syscall(SYS_mkdirat, folder, path, mode);
  if (!failed && !stat(full, &now)) note(FOLDER, now.st_ino, 0, full, 0, 0);
  leave();
  return failed;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

char *mkdtemp(char *path) {
  char full[PATH_MAX];
  struct stat now;
  char *(*real)(char *) = (char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp");
  enter();
  char *made = real(path);
  if (made && whole(AT_FDCWD, made, full) && !stat(full, &now)) note(FOLDER, now.st_ino, 0, full, 0, 0);
  leave();
  return made;
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  char before[PATH_MAX], after[PATH_MAX];
  if (!whole(from, old, before) || !whole(to, new, after)) return syscall(SYS_renameat2, from, old, to, new, flags);
  enter();
  int failed = syscall(SYS_renameat2, from, old, to, new, flags);
  if (!failed) note(RENAME, 0, 0, before, after, strlen(after));
  leave();
  return failed;
}

int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
  char before[PATH_MAX], after[PATH_MAX];
  if (!whole(from, old, before) || !whole(to, new, after)) return syscall(SYS_linkat, from, old, to, new, flags);
  enter();
  int failed = syscall(SYS_linkat, from, old, to, new, flags);
  if (!failed) note(LINK, 0, 0, before, after, strlen(after));
  leave();
  return failed;
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int unlinkat(int folder, const char *path, int flags) {
  char full[PATH_MAX];
  if (!whole(folder, path, full)) return syscall(SYS_unlinkat, folder, path, flags);
  enter();
  int failed = syscall(SYS_unlinkat, folder, path, flags);
  if (!failed) note(REMOVE, 0, 0, full, 0, 0);
  leave();
  return failed;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

/* Contents */

ssize_t write(int fd, const void *data, size_t size) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_write, fd, data, size);
  enter();
  ssize_t done = syscall(SYS_write, fd, data, size);
  if (done > 0) note(WRITE, file.st_ino, lseek(fd, 0, SEEK_CUR) - done, 0, data, done);
  leave();
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_pwrite64, fd, data, size, offset);
  enter();
  ssize_t done = syscall(SYS_pwrite64, fd, data, size, offset);
  if (done > 0) note(WRITE, file.st_ino, offset, 0, data, done);
  leave();
  return done;
}

/* In parts: a writer has to go on after a short write anyway. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
  struct stat file;
  if (count < 1 || !ours(fd, &file)) return syscall(SYS_writev, fd, parts, count);
  return write(fd, parts[0].iov_base, parts[0].iov_len);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  struct stat file;
  if (count < 1 || !ours(fd, &file)) return syscall(SYS_pwritev, fd, parts, count, offset, 0);
  return pwrite(fd, parts[0].iov_base, parts[0].iov_len, offset);
}

static int resized(int fd, int failed) {
  struct stat now;
  if (!failed && !fstat(fd, &now)) note(RESIZE, now.st_ino, now.st_size, 0, 0, 0);
  leave();
  return failed;
}

int ftruncate(int fd, off_t size) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_ftruncate, fd, size);
  enter();
  return resized(fd, syscall(SYS_ftruncate, fd, size));
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_fallocate, fd, mode, offset, size);
  enter();
  return resized(fd, syscall(SYS_fallocate, fd, mode, offset, size));
}

int posix_fallocate(int fd, off_t offset, off_t size) { return fallocate(fd, 0, offset, size) ? errno : 0; }

int truncate(const char *path, off_t size) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int failed = ftruncate(fd, size);
  close(fd);
  return failed;
}

/* Durability. Starting to write, as sync_file_range does, promises nothing, so it is not told. */

int fsync(int fd) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_fsync, fd);
  enter();
  note(SYNC, file.st_ino, 0, 0, 0, 0);
  leave();
  return 0;
}

int fdatasync(int fd) { return fsync(fd); }

int syncfs(int fd) {
  struct stat file;
  if (!ours(fd, &file)) return syscall(SYS_syncfs, fd);
  enter();
  note(ALL, 0, 0, 0, 0, 0);
  leave();
  return 0;
}

/* Other names of the same */

int open64(const char *, int, ...) __attribute__((alias("open")));
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
int creat64(const char *, mode_t) __attribute__((alias("creat")));
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
ssize_t pwritev64(int, const struct iovec *, int, off_t) __attribute__((alias("pwritev")));
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
int truncate64(const char *, off_t) __attribute__((alias("truncate")));
int fallocate64(int, int, off_t, off_t) __attribute__((alias("fallocate")));
int posix_fallocate64(int, off_t, off_t) __attribute__((alias("posix_fallocate")));
