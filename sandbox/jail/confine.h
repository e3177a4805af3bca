/* The walls. */
#ifndef SANDBOX_JAIL_CONFINE_H
#define SANDBOX_JAIL_CONFINE_H

#include <stdint.h>
#include <sys/types.h>

/* Layers in place, and those that the kernel has but refused (bits are
 * 1 << enum wire_layer). */
struct confine_report {
	uint32_t in_place, refused;
};

/* Everything but the filter: descriptors, user, limits, the arena. uid: used
 * when this is root. Ends the process when a required layer fails. */
void confine(pid_t parent, uid_t uid, struct confine_report *r);

/* The filter; last, as it forbids to prepare anything else. */
void confine_seal(struct confine_report *r);

#endif
