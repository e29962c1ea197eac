# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A page at a fault, or two MiB.

restore single 256 1 && restore large 256 512
