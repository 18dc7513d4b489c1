/* history.h -- What was typed before, in a file of the user's own. */
#ifndef OL_REPL_HISTORY_H
#define OL_REPL_HISTORY_H

#include <histedit.h>

enum { OL_REPL_HISTORY_LINES_MAX = 1000, OL_REPL_HISTORY_BYTES_MAX = 1 << 20 };

/* $XDG_STATE_HOME/oomlab/history, or ~/.local/state/oomlab/history. A history that cannot be kept
 * is none: nobody's work depends on it. */
void ol_repl_history_load(History *lines);
/* Readable by its owner alone; whole, or as it was. */
void ol_repl_history_save(History *lines);

#endif
