/* pairmill inspect --audit: what surprises in a model. */
/* SPDX-License-Identifier: MIT */
#include "inspect_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "bytes.h"
#include "sizes.h"

struct finding {
	uint32_t id, other;
	pmill_bytes bytes;
	const char *note;
};

static struct finding finding_at(const pmill_audit *audit, size_t kind, size_t index)
{
	struct finding finding = {0};
	pmill_audit_get_finding(
		audit, kind, index, &finding.id, &finding.bytes, &finding.other, &finding.note);
	return finding;
}

static void print_finding(struct finding finding)
{
	if (finding.id == PMILL_NO_ID)
		printf("  %8s  0x%02X", "", *(const uint8_t *)finding.bytes.data);
	else
		printf("  %8" PRIu32 "  ", finding.id);
	if (finding.bytes.data != NULL && finding.id != PMILL_NO_ID)
		pmill_cli_bytes_show(stdout, finding.bytes.data, finding.bytes.len, 0);
	if (finding.other != PMILL_NO_ID)
		printf("  (and %" PRIu32 ")", finding.other);
	if (finding.note != NULL)
		printf("  (%s)", finding.note);
	putchar('\n');
}

static void print_kind(const pmill_audit *audit, size_t kind, uint64_t top)
{
	const size_t count = pmill_audit_count(audit, kind);
	if (count == SIZE_MAX) {
		printf("  %13s  %s\n", "unknown", pmill_audit_kind_claim(kind));
		return;
	}
	printf("  %13s  %s\n", pmill_cli_count_text(count).text, pmill_audit_kind_claim(kind));
	for (size_t i = 0; i < count && i < top; i++) {
		fputs("             ", stdout);
		print_finding(finding_at(audit, kind, i));
	}
}

void pmill_cli_audit_print(const pmill_audit *audit, uint64_t top)
{
	puts("audit            count, then id and token of the first");
	for (size_t kind = 0; pmill_audit_kind_name(kind) != NULL; kind++)
		print_kind(audit, kind, top);
}

static void json_finding(struct pmill_cli_json *json, struct finding finding)
{
	pmill_cli_json_begin(json, NULL, '{');
	if (finding.id != PMILL_NO_ID)
		pmill_cli_json_number(json, "id", finding.id);
	if (finding.bytes.data != NULL) {
		pmill_cli_json_bytes(json, "text", finding.bytes.data, finding.bytes.len);
		pmill_cli_json_printable(json, "printable", finding.bytes.data, finding.bytes.len);
	}
	if (finding.other != PMILL_NO_ID)
		pmill_cli_json_number(json, "other", finding.other);
	if (finding.note != NULL)
		pmill_cli_json_text(json, "note", finding.note);
	pmill_cli_json_end(json, '}');
}

static void json_kind(const pmill_audit *audit, size_t kind, struct pmill_cli_json *json)
{
	const size_t count = pmill_audit_count(audit, kind);
	pmill_cli_json_begin(json, pmill_audit_kind_name(kind), '{');
	pmill_cli_json_text(json, "claim", pmill_audit_kind_claim(kind));
	if (count == SIZE_MAX)
		pmill_cli_json_text(json, "count", NULL);
	else
		pmill_cli_json_number(json, "count", count);
	pmill_cli_json_begin(json, "findings", '[');
	for (size_t i = 0; count != SIZE_MAX && i < count; i++)
		json_finding(json, finding_at(audit, kind, i));
	pmill_cli_json_end(json, ']');
	pmill_cli_json_end(json, '}');
}

void pmill_cli_audit_json(const pmill_audit *audit, struct pmill_cli_json *json)
{
	pmill_cli_json_begin(json, "audit", '{');
	for (size_t kind = 0; pmill_audit_kind_name(kind) != NULL; kind++)
		json_kind(audit, kind, json);
	pmill_cli_json_end(json, '}');
}
