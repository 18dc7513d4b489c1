/* signals.h -- Ctrl-C and its kin end a run in good order. */
#ifndef OL_CLI_SIGNALS_H
#define OL_CLI_SIGNALS_H

/* From here on SIGINT, SIGTERM and SIGHUP make the present run end and clean up. One that was
 * ignored when the program started stays ignored (nohup). The third of them kills at once. */
void ol_signals_catch(void);

/* The signal that came, or 0. */
int ol_signals_caught(void);

#endif
