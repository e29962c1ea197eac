# SPDX-License-Identifier: GPL-2.0
{ print esc($0) }
