# SPDX-License-Identifier: GPL-2.0
# Text as it is; with -v diff=1, added and removed lines are coloured.

BEGIN { printf "<pre>" }
{ line = esc(length($0) > 400 ? substr($0, 1, 400) " ..." : $0) }
diff && /^\+/ { line = "<ins>" line "</ins>" }
diff && /^-/ { line = "<del>" line "</del>" }
diff && /^@@/ { line = "<b>" line "</b>" }
{ print line }
END { print "</pre>" }
