/* Shell completions, from the tables of commands and options. */
/* SPDX-License-Identifier: MIT */
#include "completions.h"

#include <string.h>

#include "command.h"
#include "help.h"

typedef void (*option_printer)(
	FILE *out, const struct pmill_cli_command *command, const struct pmill_cli_option *option);

static void for_each_option(
	FILE *out, const struct pmill_cli_command *command, option_printer print)
{
	const struct pmill_cli_option *option;
	for (size_t i = 0; (option = pmill_cli_option_at(i)) != NULL; i++)
		if (pmill_cli_option_is_shown(option, command))
			print(out, command, option);
}

static void for_each_command(
	FILE *out, void (*print)(FILE *out, const struct pmill_cli_command *command))
{
	const struct pmill_cli_command *command;
	for (size_t i = 0; (command = pmill_cli_command_at(i)) != NULL; i++)
		if (pmill_cli_command_is_shown(command))
			print(out, command);
}

static void print_values(FILE *out, const struct pmill_cli_option *option)
{
	const char *value;
	for (size_t i = 0; (value = pmill_cli_option_value(option, i)) != NULL; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", value);
}

static bool has_values(const struct pmill_cli_option *option)
{
	return pmill_cli_option_value(option, 0) != NULL;
}

static bool is_help(const struct pmill_cli_command *command)
{
	return command->bit == PMILL_CLI_HELP;
}

static bool takes_files(const struct pmill_cli_command *command)
{
	return command->operand_most > 0 && command->operand_values == NULL && !is_help(command);
}

static void print_name_and_space(FILE *out, const struct pmill_cli_command *command)
{
	fprintf(out, "%s ", command->name);
}

/* Operands that are fixed words: shells, or (for help) the commands. */
static void print_operand_words(FILE *out, const struct pmill_cli_command *command)
{
	if (is_help(command))
		for_each_command(out, print_name_and_space);
	for (size_t i = 0; command->operand_values != NULL && command->operand_values[i] != NULL; i++)
		fprintf(out, "%s ", command->operand_values[i]);
}

/* Where the detail of a summary begins: a list shows only what comes before. */
static bool is_phrase_end(const char *text)
{
	return *text == 0 || *text == ':' || *text == ';' || strncmp(text, " (", 2) == 0 ||
		strcmp(text, ".") == 0 || strncmp(text, ". ", 2) == 0;
}

/* Leaves out characters with a meaning to a shell. */
static void print_phrase(FILE *out, const char *text)
{
	for (; !is_phrase_end(text); text++)
		if (strchr("'\"`$\\[]<>|", *text) == NULL)
			putc(*text, out);
}

/* ---- bash ---- */

static void print_bash_names(
	FILE *out, const struct pmill_cli_command *command, const struct pmill_cli_option *option)
{
	(void)command;
	if (option->letter != 0)
		fprintf(out, " -%c", option->letter);
	fprintf(out, " --%s", option->name);
}

/* After an option that takes a value: offers its known values, files, or nothing. */
static void print_bash_value_case(
	FILE *out, const struct pmill_cli_command *command, const struct pmill_cli_option *option)
{
	if (option->value == NULL)
		return;
	fprintf(out, "\t\t%s,", command->name);
	if (option->letter != 0)
		fprintf(out, "-%c|%s,", option->letter, command->name);
	fprintf(out, "--%s) ", option->name);
	if (option->is_path) {
		fputs("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")); ", out);
	} else if (has_values(option)) {
		fputs("COMPREPLY=($(compgen -W \"", out);
		print_values(out, option);
		fputs("\" -- \"$word\")); ", out);
	}
	fputs("return ;;\n", out);
}

static void print_bash_values_of(FILE *out, const struct pmill_cli_command *command)
{
	for_each_option(out, command, print_bash_value_case);
}

static void print_bash_command_case(FILE *out, const struct pmill_cli_command *command)
{
	fprintf(out, "\t\t%s) options=\"", command->name);
	for_each_option(out, command, print_bash_names);
	fputs("\"; words=\"", out);
	print_operand_words(out, command);
	fprintf(out, "\"; files=%d ;;\n", takes_files(command));
}

/* bash splits words at "=": "--ties=by" is "--ties", "=", "by", of which it completes the last. */
static void print_bash(FILE *out)
{
	fputs("# bash completions for pairmill\n"
		  "_pairmill()\n{\n"
		  "\tlocal word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
		  "\tlocal command=\"${COMP_WORDS[1]}\" options words files\n"
		  "\tCOMPREPLY=()\n"
		  "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		  "\t\tCOMPREPLY=($(compgen -W \"",
		out);
	for_each_command(out, print_name_and_space);
	fputs("--help --version\" -- \"$word\"))\n"
		  "\t\treturn\n"
		  "\tfi\n"
		  "\tif [ \"$word\" = \"=\" ]; then\n"
		  "\t\tword=\"\"\n"
		  "\telif [ \"$before\" = \"=\" ]; then\n"
		  "\t\tbefore=\"${COMP_WORDS[COMP_CWORD-2]}\"\n"
		  "\tfi\n"
		  "\tcase \"$command,$before\" in\n",
		out);
	for_each_command(out, print_bash_values_of);
	fputs("\tesac\n\tcase \"$command\" in\n", out);
	for_each_command(out, print_bash_command_case);
	fputs("\t\t*) return ;;\n\tesac\n"
		  "\tif [[ \"$word\" = -* ]]; then\n"
		  "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
		  "\telif [ \"$files\" = 1 ]; then\n"
		  "\t\tcompopt -o filenames\n"
		  "\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		  "\telse\n"
		  "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
		  "\tfi\n"
		  "}\n"
		  "complete -F _pairmill pairmill\n",
		out);
}

/* ---- zsh ---- */

static void print_zsh_action(FILE *out, const struct pmill_cli_option *option)
{
	if (option->value == NULL)
		return;
	fprintf(out, ":%s:", option->value);
	if (option->is_path) {
		fputs("_files", out);
	} else if (has_values(option)) {
		putc('(', out);
		print_values(out, option);
		putc(')', out);
	} else {
		putc(' ', out);
	}
}

static void print_zsh_name(FILE *out, const struct pmill_cli_option *option, bool is_letter)
{
	fprintf(out, "\t\t\t'%s", option->kind == PMILL_CLI_LIST ? "*" : "");
	if (is_letter)
		fprintf(out, "-%c%s", option->letter, option->value != NULL ? "+" : "");
	else
		fprintf(out, "--%s%s", option->name, option->value != NULL ? "=" : "");
	putc('[', out);
	print_phrase(out, option->summary);
	putc(']', out);
	print_zsh_action(out, option);
	fputs("' \\\n", out);
}

static void print_zsh_option(
	FILE *out, const struct pmill_cli_command *command, const struct pmill_cli_option *option)
{
	(void)command;
	if (option->letter != 0)
		print_zsh_name(out, option, true);
	print_zsh_name(out, option, false);
}

static void print_zsh_command_case(FILE *out, const struct pmill_cli_command *command)
{
	fprintf(out, "\t\t%s) _arguments -s -S \\\n", command->name);
	for_each_option(out, command, print_zsh_option);
	if (takes_files(command)) {
		fputs("\t\t\t'*:file:_files' ;;\n", out);
		return;
	}
	fputs("\t\t\t'1:word:(", out);
	print_operand_words(out, command);
	fputs(")' ;;\n", out);
}

static void print_zsh_command(FILE *out, const struct pmill_cli_command *command)
{
	fprintf(out, "\t\t\t'%s:", command->name);
	print_phrase(out, command->summary);
	fputs("'\n", out);
}

static void print_zsh(FILE *out)
{
	fputs("#compdef pairmill\n"
		  "# zsh completions for pairmill\n"
		  "_pairmill()\n{\n"
		  "\tlocal -a commands\n"
		  "\tif (( CURRENT == 2 )); then\n"
		  "\t\tcommands=(\n",
		out);
	for_each_command(out, print_zsh_command);
	fputs("\t\t)\n"
		  "\t\t_describe command commands\n"
		  "\t\treturn\n"
		  "\tfi\n"
		  "\tlocal command=${words[2]}\n"
		  "\tshift words\n"
		  "\t(( CURRENT-- ))\n"
		  "\tcase $command in\n",
		out);
	for_each_command(out, print_zsh_command_case);
	fputs("\tesac\n}\n"
		  "if [ \"$funcstack[1]\" = _pairmill ]; then\n"
		  "\t_pairmill \"$@\"\n"
		  "else\n"
		  "\tcompdef _pairmill pairmill\n"
		  "fi\n",
		out);
}

/* ---- fish ---- */

static void print_fish_option(
	FILE *out, const struct pmill_cli_command *command, const struct pmill_cli_option *option)
{
	fprintf(out, "complete -c pairmill -n '__fish_seen_subcommand_from %s'", command->name);
	if (option->letter != 0)
		fprintf(out, " -s %c", option->letter);
	fprintf(out, " -l %s", option->name);
	if (option->is_path)
		fputs(" -r -F", out);
	else if (option->value != NULL)
		fputs(" -x", out);
	if (has_values(option)) {
		fputs(" -a '", out);
		print_values(out, option);
		putc('\'', out);
	}
	fputs(" -d '", out);
	print_phrase(out, option->summary);
	fputs("'\n", out);
}

static void print_fish_command(FILE *out, const struct pmill_cli_command *command)
{
	fprintf(out, "complete -c pairmill -n __fish_use_subcommand -f -a %s -d '", command->name);
	print_phrase(out, command->summary);
	fputs("'\n", out);
	for_each_option(out, command, print_fish_option);
	if (takes_files(command))
		return;
	fprintf(out, "complete -c pairmill -n '__fish_seen_subcommand_from %s' -f -a '", command->name);
	print_operand_words(out, command);
	fputs("'\n", out);
}

static void print_fish(FILE *out)
{
	fputs("# fish completions for pairmill\n"
		  "complete -c pairmill -n __fish_use_subcommand -f -l help -d 'Show help'\n"
		  "complete -c pairmill -n __fish_use_subcommand -f -l version -d 'Print the version'\n",
		out);
	for_each_command(out, print_fish_command);
}

/* ---- The table ---- */

const char *const pmill_cli_completion_shells[] = {"bash", "zsh", "fish", NULL};
static void (*const printers[])(FILE *out) = {print_bash, print_zsh, print_fish};

void pmill_cli_completions_print(FILE *out, const char *shell)
{
	for (size_t i = 0; pmill_cli_completion_shells[i] != NULL; i++)
		if (strcmp(pmill_cli_completion_shells[i], shell) == 0)
			printers[i](out);
}
