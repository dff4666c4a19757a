/* Runs a program and looks at each of its system calls that changes a file before the kernel does it. At the one
 * that it is told it ends the program with SIGKILL, or lets the call fail; or it writes down how the folder looks
 * at each. Only those of the program itself count, all its threads together, not those of programs that it starts.
 *
 *   strike LOG count            -- PROGRAM...   a line for each call
 *   strike LOG kill NUMBER      -- PROGRAM...   SIGKILL before that call; one more than there are is the exit
 *   strike LOG errno NUMBER E   -- PROGRAM...   that call fails with this errno
 *   strike LOG steps            -- PROGRAM...   the line, and the whole of the current folder, at each call
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum how { OPEN, OPEN2, FD, PATH0, PATH1, TWO, TWOAT, SYMLINKAT, EXIT };

static const struct { long number; const char *name; enum how how; } CALLS[] = {
    {SYS_open, "open", OPEN}, {SYS_creat, "creat", PATH0}, {SYS_openat, "openat", OPEN},
    {SYS_openat2, "openat2", OPEN2},
    {SYS_write, "write", FD}, {SYS_pwrite64, "pwrite64", FD}, {SYS_writev, "writev", FD},
    {SYS_pwritev, "pwritev", FD}, {SYS_pwritev2, "pwritev2", FD}, {SYS_sendfile, "sendfile", FD},
    {SYS_fsync, "fsync", FD}, {SYS_fdatasync, "fdatasync", FD}, {SYS_syncfs, "syncfs", FD},
    {SYS_ftruncate, "ftruncate", FD}, {SYS_truncate, "truncate", PATH0}, {SYS_fallocate, "fallocate", FD},
    {SYS_copy_file_range, "copy_file_range", FD},
    {SYS_link, "link", TWO}, {SYS_linkat, "linkat", TWOAT}, {SYS_symlink, "symlink", TWO},
    {SYS_symlinkat, "symlinkat", SYMLINKAT}, {SYS_rename, "rename", TWO}, {SYS_renameat, "renameat", TWOAT},
    {SYS_renameat2, "renameat2", TWOAT}, {SYS_unlink, "unlink", PATH0}, {SYS_unlinkat, "unlinkat", PATH1},
    {SYS_mkdir, "mkdir", PATH0}, {SYS_mkdirat, "mkdirat", PATH1}, {SYS_rmdir, "rmdir", PATH0},
    {SYS_chmod, "chmod", PATH0}, {SYS_fchmod, "fchmod", FD}, {SYS_fchmodat, "fchmodat", PATH1},
    {SYS_chown, "chown", PATH0}, {SYS_fchown, "fchown", FD}, {SYS_lchown, "lchown", PATH0},
    {SYS_fchownat, "fchownat", PATH1}, {SYS_exit_group, "exit_group", EXIT},
};
#define COUNT (sizeof CALLS / sizeof *CALLS)

static FILE *the_log;

static void die(const char *what) {
    perror(what);
    exit(125);
}

static void install_filter(void) {
    struct sock_filter filter[COUNT + 5];
    unsigned n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < COUNT; i++, n++)
        filter[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].number, COUNT - i, 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog program = {n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        die("seccomp");
}

/* The name that a call gives, on one line. */
static void print_name(pid_t pid, unsigned long address) {
    char text[4096] = "";
    struct iovec here = {text, sizeof text - 1}, there = {(void *)address, sizeof text - 1};
    /* A name may end just before a page that is not there. */
    while (there.iov_len > 0 && process_vm_readv(pid, &here, 1, &there, 1, 0) < 0)
        there.iov_len /= 2;
    for (char *c = text; *c; c++)
        if (*c < ' ') *c = '?';
    fprintf(the_log, " %s", text);
}

static void print_entry(int folder, const char *base, const char *name) {
    struct stat there;
    if (fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW)) return;
    char path[8192];
    snprintf(path, sizeof path, "%s%s%s", base, *base ? "/" : "", name);
    char kind = S_ISDIR(there.st_mode) ? 'd' : S_ISLNK(there.st_mode) ? 'l' : S_ISREG(there.st_mode) ? 'f' : 'o';
    if (kind == 'o') return;
    char *bytes = NULL;
    ssize_t size = 0;
    if (kind == 'l') {
        bytes = malloc(4096);
        size = readlinkat(folder, name, bytes, 4096);
    } else if (kind == 'f') {
        bytes = malloc(there.st_size + 1);
        int file = openat(folder, name, O_RDONLY);
        while (file >= 0 && size < there.st_size) {
            ssize_t got = read(file, bytes + size, there.st_size - size);
            if (got <= 0) break;
            size += got;
        }
        if (file >= 0) close(file);
    }
    if (size < 0) size = 0;
    fprintf(the_log, "%c %o %lu %lld.%09ld %zd %s\n", kind, there.st_mode & 07777, (unsigned long)there.st_ino,
            (long long)there.st_mtim.tv_sec, there.st_mtim.tv_nsec, size, path);
    fwrite(bytes, 1, size, the_log);
    fputc('\n', the_log);
    free(bytes);
    if (kind != 'd') return;
    int opened = openat(folder, name, O_RDONLY | O_DIRECTORY);
    DIR *listing = opened < 0 ? NULL : fdopendir(opened);
    if (!listing) return;
    struct dirent *entry;
    const char *under = strcmp(path, ".") ? path : "";
    while ((entry = readdir(listing)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) print_entry(opened, under, entry->d_name);
    closedir(listing);
}

static pid_t group_of(pid_t thread) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", thread);
    FILE *status = fopen(path, "r");
    int group = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Tgid: %d", &group) == 1) break;
    if (status) fclose(status);
    return group;
}

/* Whether the call changes a file, and not only a terminal, a pipe or a device. */
static int counts(pid_t pid, enum how how, const struct user_regs_struct *regs) {
    if (how == OPEN) {
        unsigned long flags = regs->orig_rax == SYS_open ? regs->rsi : regs->rdx;
        return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;
    }
    if (how != FD) return 1;
    int fd = regs->rdi;
    if (regs->orig_rax == SYS_copy_file_range) fd = regs->rdx;
    if (fd <= 2) return 0;
    char path[64];
    struct stat there;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    return !stat(path, &there) && (S_ISREG(there.st_mode) || S_ISDIR(there.st_mode));
}

static void describe(pid_t pid, int number, unsigned call, const struct user_regs_struct *regs) {
    enum how how = CALLS[call].how;
    char path[64], target[4096] = "";
    struct stat there = {0};
    if (how == FD) {
        int fd = regs->orig_rax == SYS_copy_file_range ? (int)regs->rdx : (int)regs->rdi;
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
        if (stat(path, &there)) there.st_ino = 0;
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = 0;
    }
    fprintf(the_log, "= %d %s %lu", number, CALLS[call].name, (unsigned long)there.st_ino);
    switch (how) {
    case OPEN: print_name(pid, regs->orig_rax == SYS_open ? regs->rdi : regs->rsi); break;
    case OPEN2: case PATH1: print_name(pid, regs->rsi); break;
    case PATH0: print_name(pid, regs->rdi); break;
    case TWO: print_name(pid, regs->rdi); print_name(pid, regs->rsi); break;
    case TWOAT: print_name(pid, regs->rsi); print_name(pid, regs->r10); break;
    case SYMLINKAT: print_name(pid, regs->rdi); print_name(pid, regs->rdx); break;
    case FD: fprintf(the_log, " %s", target); break;
    case EXIT: break;
    }
    fputc('\n', the_log);
}

int main(int argc, char **argv) {
    int dashes = 1;
    while (dashes < argc && strcmp(argv[dashes], "--")) dashes++;
    if (dashes < 3 || dashes + 1 >= argc) return 125;
    const char *mode = argv[2];
    int at = dashes > 3 ? atoi(argv[3]) : 0, failure = dashes > 4 ? atoi(argv[4]) : 0;
    int is_kill = !strcmp(mode, "kill"), is_steps = !strcmp(mode, "steps");
    the_log = fopen(argv[1], "we");
    if (!the_log) die(argv[1]);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME)) die("ptrace");
        raise(SIGSTOP);
        install_filter();
        execvp(argv[dashes + 1], argv + dashes + 1);
        die(argv[dashes + 1]);
    }
    int status, number = 0, started = 0;
    if (waitpid(child, &status, 0) != child) die("waitpid");
    if (ptrace(PTRACE_SETOPTIONS, child, 0,
               PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
        die("ptrace");
    ptrace(PTRACE_CONT, child, 0, 0);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) die("waitpid");
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (pid != child) continue;
            fclose(the_log);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_EXEC) started = 1;
        if (event == PTRACE_EVENT_SECCOMP && started && group_of(pid) == child) {
            struct user_regs_struct regs;
            if (ptrace(PTRACE_GETREGS, pid, 0, &regs)) continue;
            unsigned call = 0;
            while (call < COUNT && CALLS[call].number != (long)regs.orig_rax) call++;
            if (call < COUNT && counts(pid, CALLS[call].how, &regs)) {
                number++;
                if (!at) describe(pid, number, call, &regs);
                if (is_steps) {
                    print_entry(AT_FDCWD, "", ".");
                    fputs(".\n", the_log);
                }
                if (at == number && is_kill) {
                    kill(child, SIGKILL);
                    continue;
                }
                if (at == number) {
                    regs.orig_rax = -1;
                    regs.rax = -failure;
                    ptrace(PTRACE_SETREGS, pid, 0, &regs);
                }
            }
        }
        /* A new thread or process begins with a stop that it must not see; so does one that is traced only now. */
        int is_ours = event != 0 || signal == SIGSTOP || signal == SIGTRAP;
        ptrace(PTRACE_CONT, pid, 0, is_ours ? 0 : signal);
    }
}
