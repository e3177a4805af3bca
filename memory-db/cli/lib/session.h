/* The session that memoryctl writes in: one for each login, so that `sessions`
 * says who wrote and `undo --session` takes back what was typed in one
 * terminal. */
#ifndef CLI_LIB_SESSION_H
#define CLI_LIB_SESSION_H

#define SESSION_SIZE 64

/* "ctl-2026-11-20-4f2a9c": the day on which the login (the session leader of
 * this process) began, and which of that day's. */
void session_name(char out[SESSION_SIZE]);

#endif
