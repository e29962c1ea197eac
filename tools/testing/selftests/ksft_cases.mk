# SPDX-License-Identifier: GPL-2.0
# What directories of programs with ksft_cases.h have in common. They name
# their TEST_GEN_PROGS and include this last.

# Where the reach of a PTE table is known: fault/fault.h
ifeq ($(filter x86 x86_64 i386 i686 arm64 aarch64 riscv riscv64 s390 s390x powerpc ppc64le,$(or $(ARCH),$(shell uname -m))),)
TEST_GEN_PROGS :=
endif

# For kernels whose pages are not of 4096 bytes, or whose tables do not have an
# eighth as many entries. On others than these, programs skip.
CFLAGS += $(KSFT_PAGE_SIZE:%=-DKSFT_PAGE_SIZE=%) $(KSFT_PTES:%=-DKSFT_PTES=%)

# /proc/self/mem and pagemap are files as large as the address space.
CFLAGS += -O2 -Wall -Wextra -D_FILE_OFFSET_BITS=64
# One format for a __u64, on powerpc too
CFLAGS += -D__SANE_USERSPACE_TYPES__
LDLIBS += -lpthread
LOCAL_HDRS := $(wildcard *.h) $(wildcard ../ksft_*.h) \
	$(wildcard ../../../../include/linux/*_selftest.h)

programs := $(TEST_GEN_PROGS)

all:

include ../lib.mk

# v4.6's lib.mk knows neither OUTPUT nor programs that make builds.
ifndef CLEAN
OUTPUT ?= $(CURDIR)
TEST_PROGS := $(programs)

all: $(addprefix $(OUTPUT)/,$(programs))

$(OUTPUT)/%: %.c $(LOCAL_HDRS)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(LDLIBS) -o $@

clean:
	$(RM) $(addprefix $(OUTPUT)/,$(programs))
endif
