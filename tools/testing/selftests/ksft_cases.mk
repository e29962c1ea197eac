# SPDX-License-Identifier: GPL-2.0
# What directories of static programs with ksft_cases.h have in common. They
# name their TEST_GEN_PROGS and include this last.

CFLAGS += -O2 -Wall -Wextra -static
LDLIBS += -lpthread
LOCAL_HDRS := $(wildcard *.h) ../ksft_cases.h \
	$(wildcard ../../../../include/uapi/linux/*_selftest.h)

programs := $(TEST_GEN_PROGS)

all:

include ../lib.mk

# v4.6's lib.mk knows neither OUTPUT nor programs that make builds.
ifeq ($(TEST_GEN_PROGS),$(programs))
OUTPUT ?= $(CURDIR)
TEST_PROGS := $(programs)

all: $(addprefix $(OUTPUT)/,$(programs))

$(OUTPUT)/%: %.c $(LOCAL_HDRS)
	$(CC) $(CFLAGS) $< $(LDLIBS) -o $@

clean:
	$(RM) $(addprefix $(OUTPUT)/,$(programs))
endif
