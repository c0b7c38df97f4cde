/* Memory that the library hands to its caller. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "pairmill.h"

void pmill_memory_free(void *memory)
{
	free(memory);
}
