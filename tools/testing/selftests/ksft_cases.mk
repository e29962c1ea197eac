# SPDX-License-Identifier: GPL-2.0
# What directories of programs with ksft_cases.h have in common. They name
# their TEST_GEN_PROGS and include this last.

# Pages of 4 kB, PTE tables that reach as far as on x86.
ifeq ($(filter x86 x86_64 i386 i686,$(or $(ARCH),$(shell uname -m))),)
TEST_GEN_PROGS :=
endif

# /proc/self/mem and pagemap are files as large as the address space.
CFLAGS += -O2 -Wall -Wextra -D_FILE_OFFSET_BITS=64
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
