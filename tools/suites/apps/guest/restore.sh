# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# One page per fault, or two MiB.

restore single 256 1 && restore large 256 512
