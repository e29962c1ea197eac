/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksft_undo.h: restore what a case changes in the system.
 *
 * A case records each change: a file with a value, a mount, a directory, a swap
 * file. The keeper, its parent, undoes the changes in reverse order once the
 * case has ended, or once the program is gone. The keeper has its own session,
 * so that it survives a kill of the program's process group, as by timeout(1)
 * in kselftest's runner.
 *
 * As root, keeper and case share a private mount namespace: the mounts are
 * invisible elsewhere.
 */
#ifndef __KSFT_UNDO_H
#define __KSFT_UNDO_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define KSFT_UNDOS	128

struct ksft_undo {
	enum { KSFT_VALUE, KSFT_MOUNT, KSFT_DIR, KSFT_SWAP, KSFT_CHILD,
	       KSFT_SYNC } what;
	char path[108];
	char value[80];
};

static struct ksft_undos {		/* shared by case and keeper */
	unsigned int nr;
	int own_mounts;
	int status;			/* of the case, from waitpid() */
	struct ksft_undo undo[KSFT_UNDOS];
} *ksft_undos;

static volatile pid_t ksft_case_pid;	/* the keeper's child */

/* ---- values ------------------------------------------------------------- */

/* Read a file, as far as there is room; false if it cannot be read. */
static inline int ksft_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n = 1;

	text[0] = 0;
	if (fd < 0)
		return 0;
	while (n > 0 && done < size - 1) {
		n = read(fd, text + done, size - 1 - done);
		done += n > 0 ? n : 0;
	}
	close(fd);
	text[done] = 0;
	return n >= 0;
}

/* The current value is the one in brackets, or the whole text. */
static inline int ksft_get(const char *path, char *value, size_t size)
{
	char buf[160], *p;

	if (!ksft_read(path, buf, sizeof(buf)))
		return 0;
	p = strchr(buf, '[');
	p = p ? p + 1 : buf;
	p[strcspn(p, "]\n")] = 0;
	return snprintf(value, size, "%s", p) < (int)size;
}

static inline int ksft_put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = write(fd, value, strlen(value));
	close(fd);
	return n == (ssize_t)strlen(value);
}

static inline struct ksft_undo *ksft_undo_of(const char *path)
{
	unsigned int i;

	for (i = 0; i < ksft_undos->nr; i++)
		if (!strcmp(ksft_undos->undo[i].path, path))
			return &ksft_undos->undo[i];
	return NULL;
}

/* Record an undo; false if there is no room: then change nothing. */
static inline int ksft_undo_later(int what, const char *path, const char *value)
{
	struct ksft_undo *u = &ksft_undos->undo[ksft_undos->nr];

	if (ksft_undos->nr == KSFT_UNDOS || strlen(path) >= sizeof(u->path) ||
	    strlen(value) >= sizeof(u->value))
		return 0;
	u->what = what;
	snprintf(u->path, sizeof(u->path), "%s", path);
	snprintf(u->value, sizeof(u->value), "%s", value);
	__atomic_store_n(&ksft_undos->nr, ksft_undos->nr + 1, __ATOMIC_RELEASE);
	return 1;
}

/* Record the current value of a file, unless already recorded. */
static inline int ksft_keep(const char *path)
{
	char value[sizeof(((struct ksft_undo *)0)->value)];

	if (ksft_undo_of(path))
		return 1;
	return ksft_get(path, value, sizeof(value)) &&
	       ksft_undo_later(KSFT_VALUE, path, value);
}

/* Write a value; the old one will be restored. */
static inline int ksft_change(const char *path, const char *value)
{
	return ksft_keep(path) && ksft_put(path, value);
}

/* ---- undo ---------------------------------------------------------------- */

static inline void ksft_put_back(const struct ksft_undo *u)
{
	char now[sizeof(u->value)];

	if (!ksft_get(u->path, now, sizeof(now)) || strcmp(now, u->value))
		ksft_put(u->path, u->value);
}

static inline void ksft_unmount(const char *dir)
{
	while (!umount2(dir, UMOUNT_NOFOLLOW))
		;
	if (errno == EBUSY)
		umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* EBUSY: tasks that were just killed may take a moment to leave a cgroup. */
static inline void ksft_rmdir(const char *path)
{
	int tries = 200;

	while (rmdir(path) && errno == EBUSY && --tries)
		usleep(10000);
}

static inline void ksft_undo(const struct ksft_undo *u)
{
	switch (u->what) {
	case KSFT_VALUE:
		return ksft_put_back(u);
	case KSFT_MOUNT:
		return ksft_unmount(u->path);
	case KSFT_DIR:
		return ksft_rmdir(u->path);
	case KSFT_SWAP:
		swapoff(u->path);
		return;
	case KSFT_CHILD:
		kill(atoi(u->path), SIGKILL);
		return;
	case KSFT_SYNC:
		sync();
		return;
	}
}

/* Restore the values only, while the case goes on. */
static inline void ksft_put_values_back(void)
{
	unsigned int i = ksft_undos->nr;

	while (i--)
		if (ksft_undos->undo[i].what == KSFT_VALUE)
			ksft_put_back(&ksft_undos->undo[i]);
}

/* ---- directories and mounts ---------------------------------------------- */

static inline int ksft_mkdir(const char *path)
{
	return !mkdir(path, 0700) && ksft_undo_later(KSFT_DIR, path, "");
}

static inline int ksft_mount(const char *dev, const char *dir, const char *type,
			     unsigned long flags, const char *options)
{
	return ksft_undos->own_mounts &&
	       !mount(dev, dir, type, flags, options) &&
	       ksft_undo_later(KSFT_MOUNT, dir, "");
}

/*
 * A child that later undos depend on: the server of a file system. It leaves
 * the process group of the case, which is killed first.
 */
static inline int ksft_serving_child(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return !setpgid(pid, pid) && ksft_undo_later(KSFT_CHILD, text, "");
}

/* ---- cgroups ------------------------------------------------------------- */

static inline int ksft_has_word(const char *path, const char *word)
{
	char text[256], *p, *save;

	ksft_read(path, text, sizeof(text));
	for (p = strtok_r(text, "\n ", &save); p; p = strtok_r(NULL, "\n ", &save))
		if (!strcmp(p, word))
			return 1;
	return 0;
}

/* Enable a controller for the children of a cgroup; undone if it was off. */
static inline int ksft_controller(const char *control, const char *name)
{
	char text[32];

	if (ksft_has_word(control, name))
		return 1;
	snprintf(text, sizeof(text), "-%s", name);
	if (!ksft_undo_later(KSFT_VALUE, control, text))
		return 0;
	text[0] = '+';
	return ksft_put(control, text);
}

/* ---- the keeper ---------------------------------------------------------- */

static void ksft_end_case(int sig)
{
	(void)sig;
	if (ksft_case_pid > 0)
		kill(ksft_case_pid, SIGKILL);
}

static inline void ksft_clean_up(void)
{
	unsigned int i = __atomic_load_n(&ksft_undos->nr, __ATOMIC_ACQUIRE);

	kill(-ksft_case_pid, SIGKILL);	/* all that it has started */
	while (i--)
		ksft_undo(&ksft_undos->undo[i]);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static inline void ksft_own_namespace(void)
{
	ksft_undos->own_mounts = !unshare(CLONE_NEWNS) &&
		!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

struct ksft_case;	/* opaque to the keeper */

static inline void ksft_start_case(void (*child)(const struct ksft_case *),
				   const struct ksft_case *c,
				   const sigset_t *mask)
{
	ksft_case_pid = fork();
	if (!ksft_case_pid) {
		setpgid(0, 0);
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, mask, NULL);
		child(c);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
}

/* SIGTERM: the program is gone. The keeper also reaps orphans of the case. */
static inline void ksft_keeper(void (*child)(const struct ksft_case *),
			       const struct ksft_case *c, const sigset_t *mask)
{
	setsid();
	signal(SIGTERM, ksft_end_case);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ksft_own_namespace();
	ksft_start_case(child, c, mask);
	while (waitpid(ksft_case_pid, &ksft_undos->status, 0) < 0 &&
	       errno == EINTR)
		ksft_put_values_back();	/* the case may need memory to exit */
	ksft_clean_up();
	_exit(0);
}

/*
 * Run a case in a child with a keeper. Returns its status from waitpid(), or
 * -1. The keeper must not miss the death of the program: it requests SIGTERM
 * while that is blocked, then checks whether the program is already gone.
 */
static inline int ksft_kept(void (*child)(const struct ksft_case *),
			    const struct ksft_case *c)
{
	pid_t program = getpid(), pid;
	sigset_t term, mask;
	int status = -1;

	if (!ksft_undos)
		ksft_undos = mmap(NULL, sizeof(*ksft_undos),
				  PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ksft_undos == MAP_FAILED)
		return -1;
	memset(ksft_undos, 0, sizeof(*ksft_undos));
	ksft_undos->status = -1;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &mask);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != program)
			_exit(1);
		ksft_keeper(child, c, &mask);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -1 : ksft_undos->status;
}

#endif /* __KSFT_UNDO_H */
