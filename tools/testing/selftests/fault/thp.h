/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transparent huge pages, for those who ask by madvise(): they are off by
 * default in a guest this small. They are the system's, so main() switches
 * them on and puts them back, whatever became of the cases.
 */
#ifndef __THP_H
#define __THP_H

#include "fault.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"

static char thp_enabled[64], thp_zero_page[64];

static inline void thp_set(const char *name, const char *value)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), THP "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		ksft_print_msg("%s stays as it is\n", path);
	if (fd >= 0)
		close(fd);
}

/* The value in use is the one in brackets, or the only one. */
static inline void thp_get(const char *name, char *value, size_t size)
{
	char path[80], buf[128] = "";
	char *p;
	int fd;

	snprintf(path, sizeof(path), THP "%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	if (read(fd, buf, sizeof(buf) - 1) < 0)
		buf[0] = 0;
	close(fd);
	p = strchr(buf, '[');
	p = p ? p + 1 : buf;
	p[strcspn(p, "]\n")] = 0;
	snprintf(value, size, "%s", p);
}

static inline void thp_on(void)
{
	thp_get("enabled", thp_enabled, sizeof(thp_enabled));
	thp_get("use_zero_page", thp_zero_page, sizeof(thp_zero_page));
	thp_set("enabled", "madvise");
	thp_set("use_zero_page", "1");
}

static inline void thp_restore(void)
{
	thp_set("enabled", thp_enabled);
	thp_set("use_zero_page", thp_zero_page);
}

#endif /* __THP_H */
