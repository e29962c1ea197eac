# SPDX-License-Identifier: GPL-2.0
# latepte: page tables allocated late, writeback off the reserves.
# This is the table of contents; each rule calls a script under tools/.

default	 := $(shell cat patches/default)
bases	 := $(patsubst patches/%/base,%,$(wildcard patches/*/base))
BASE_FROM := $(if $(filter undefined,$(origin BASE)),file,user)
# Evaluated once, by the first rule that needs it: "make deps" may have to
# install what that takes. (make 4.4 also passes exported variables to $(shell),
# and BASE is empty during the look-up.)
fitting	  = $(if $(LINUX),$(shell unset BASE; LINUX='$(subst ','\'',$(LINUX))' tools/tree/source --base),$(default))
BASE	 ?= $(eval BASE := $(fitting))$(BASE)
VARIANT	 ?= patched
# An unknown variable is a typo, which make would ignore.
given	  = $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
ifneq ($(strip $(given)),)
$(if $(filter ok,$(shell tools/args --variables $(given) && echo ok)),,$(error not started))
endif

# Kernel developers export ARCH for other makes: only the command line counts.
GUEST_ARCH := $(if $(filter command,$(firstword $(origin ARCH))),$(filter-out x86_64,$(ARCH)))

help clean check-host apply unapply: BASE = $(default)
deps: BASE := $(if $(filter user,$(BASE_FROM)),$(BASE),$(default))
# These find the base by themselves; unapply needs none.
apply unapply: export ASKED := $(if $(filter user,$(BASE_FROM)),$(BASE))
export GUEST_ARCH BASE VARIANT LINUX O DL COMPILER ACCEL SMP MEM TESTS JOBS LIMIT V STRICT CONFIG APPEND IMAGE JUNIT KEEP

.NOTPARALLEL:
.PHONY: help deps run check check-host build shell gdb apply unapply mbox \
	refresh checkpatch bisect-check mutants matrix archs flakes mm-selftests \
	bench pressure harmless kselftest coverage rule-mutants prove fuzz apps report clean list \
	args

help:
	@sed -n '/^Targets/,/^Reading/p' README | sed '$$d'

# These build kernels, so a prebuilt one is of no use to them.
ifneq ($(IMAGE),)
$(if $(filter-out deps run shell gdb list help,$(or $(MAKECMDGOALS),help)),$(error IMAGE= is for run, shell and gdb))
endif

# Check the variables first. Without a base, the reason has been printed.
run check build shell gdb mbox refresh checkpatch bisect-check mutants \
	matrix archs flakes mm-selftests bench pressure harmless kselftest coverage rule-mutants prove \
	fuzz apps report list: args
args:
	@$(if $(BASE),,exit 1;) tools/args

deps:
	@tools/deps

run:
	@tools/locked tools/suites/run $(VARIANT)

check: args check-host
	@tools/attended tools/suites/check $(if $(filter file,$(BASE_FROM)),$(if $(LINUX),$(BASE),$(bases)),$(BASE))

check-host:
	@tools/attended prove -j8 $(wildcard tools/t/style.t) $(sort $(filter-out %/style.t,$(wildcard tools/t/*.t))) # the longest first

build:
	@tools/locked tools/build/all control patched

shell gdb:
	@tools/locked tools/build/all $(VARIANT)
	@tools/guest/interactive $@ $(VARIANT)

apply unapply:
	@tools/attended tools/tree/$@

list:
	@tools/list

mbox:
	@tools/locked tools/tree/mbox

refresh:
	@tools/locked tools/tree/refresh

checkpatch:
	@tools/locked tools/tree/checkpatch

bisect-check:
	@tools/locked tools/suites/bisect-check

mutants:
	@tools/locked tools/suites/mutants

matrix:
	@tools/locked tools/suites/matrix

archs:
	@tools/locked tools/suites/archs

flakes:
	@tools/locked tools/suites/flakes

mm-selftests:
	@tools/locked tools/suites/mm-selftests/ab

pressure:
	@tools/locked tools/suites/pressure/ab

bench:
	@tools/locked tools/suites/bench/ab

# On a kernel like a stock one
harmless kselftest: VARIANT = control
harmless kselftest:
	@tools/locked tools/suites/$@

coverage:
	@tools/locked tools/suites/coverage/run

rule-mutants:
	@tools/locked tools/suites/rule-mutants/run

prove:
	@tools/locked tools/suites/prove/run

fuzz:
	@tools/locked tools/suites/fuzz/run

apps:
	@tools/locked tools/suites/apps/run

# Only reads: no need to wait for another make.
report:
	@tools/attended tools/suites/report/run $(if $(filter user,$(BASE_FROM)),$(BASE))

clean:
	@tools/clean
