/* pairmill inspect --audit: what surprises in a model. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_CLI_INSPECT_AUDIT_H
#define PMILL_CLI_INSPECT_AUDIT_H

#include "json.h"
#include "pairmill.h"

/* Each kind with its count and the first `top` findings. */
void pmill_cli_audit_print(const pmill_audit *audit, uint64_t top);
/* Each kind with all findings. */
void pmill_cli_audit_json(const pmill_audit *audit, struct pmill_cli_json *json);

#endif
