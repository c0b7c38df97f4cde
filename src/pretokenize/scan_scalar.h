/* The scanner for every processor. */
/* SPDX-License-Identifier: MIT */
#ifndef PMILL_PRETOKENIZE_SCAN_SCALAR_H
#define PMILL_PRETOKENIZE_SCAN_SCALAR_H

#include "pretokenize/scanner.h"

extern const struct pmill_scanner pmill_scanner_scalar;

#endif
