/* What is in the memory of this process stays there. */
#ifndef COMMON_HARDEN_H
#define COMMON_HARDEN_H

/* No core file, also none that a handler of the system would take; no other
 * process of the same user may look into this one (/proc, ptrace). Not in test
 * builds: sanitizers look at their own process. */
void harden_process(void);

#endif
