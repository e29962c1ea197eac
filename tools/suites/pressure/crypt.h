/* SPDX-License-Identifier: GPL-2.0 */
/*
 * crypt.h: device mapper targets "crypt" on parts of a disk, by its ioctls
 * (linux/dm-ioctl.h). The cipher is null, so that the host can make the file
 * system; dm-crypt allocates and queues as with any other.
 */
#ifndef PRESSURE_CRYPT_H
#define PRESSURE_CRYPT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

struct crypt_request {
	struct dm_ioctl head;
	struct dm_target_spec spec;
	char params[128];
};

static inline struct crypt_request crypt_request(const char *name)
{
	struct crypt_request r = {
		.head = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(r),
			.data_start = offsetof(struct crypt_request, spec),
		},
	};

	snprintf(r.head.name, sizeof(r.head.name), "%s", name);
	return r;
}

/* A device NAME of so many sectors of DISK, from a sector on: /dev/dm-N. */
static inline bool crypt_map(const char *name, const char *disk,
			     unsigned long long from, unsigned long long nr)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	struct crypt_request create = crypt_request(name);
	struct crypt_request load = crypt_request(name);
	struct crypt_request resume = crypt_request(name);
	bool ok;

	load.head.target_count = 1;
	load.spec.length = nr;
	snprintf(load.spec.target_type, sizeof(load.spec.target_type), "crypt");
	snprintf(load.params, sizeof(load.params),
		 "cipher_null-ecb - 0 %s %llu", disk, from);
	ok = control >= 0 && !ioctl(control, DM_DEV_CREATE, &create) &&
	     !ioctl(control, DM_TABLE_LOAD, &load) &&
	     !ioctl(control, DM_DEV_SUSPEND, &resume);	/* no flag: resume */
	if (!ok)
		perror(name);
	if (control >= 0)
		close(control);
	return ok;
}

#endif /* PRESSURE_CRYPT_H */
