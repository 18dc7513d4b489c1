/* system.h -- What machine this is, for reports. */
#ifndef OL_SUPERVISOR_SYSTEM_H
#define OL_SUPERVISOR_SYSTEM_H

#include "record/record.h"

struct ol_system_facts ol_system_facts(void);

#endif
