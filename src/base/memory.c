/* Memory that crosses the library's border. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "pairmill.h"

void pmill_memory_free(void *memory)
{
	free(memory);
}
