/* Long output on a terminal goes through a pager. */
#ifndef CLI_LIB_PAGER_H
#define CLI_LIB_PAGER_H

/* Standard output goes to MEMORY_PAGER, else PAGER, else less where there is
 * one, from here on. Nothing happens when the variable is empty or "cat", or
 * the pager cannot be started. */
void pager_start(void);
/* After the last byte: waits until the reader has done. Does nothing without
 * a pager. */
void pager_wait(void);

#endif
