#include "help.h"

#include <string.h>

#include "globals.h"

enum {
    WIDTH = 80,
    INDENT = 2,
    OPTION_COLUMN = 28,
    COMMAND_COLUMN = 14,
    LINE = 256
};

/* One paragraph after `lead`, wrapped with every further line indented by `indent`. */
static void wrap(const cli_context *ctx, const char *lead, size_t indent, const char *text,
                 size_t n)
{
    char line[LINE];
    size_t used = (size_t)snprintf(line, sizeof line, "%s", lead);
    bool empty = true; /* nothing but the lead is on the line */

    while (n > 0) {
        size_t word = 0;

        while (word < n && text[word] != ' ')
            word++;
        if (!empty && used + 1 + word > WIDTH) {
            cli_out(ctx, "%s", line);
            used = (size_t)snprintf(line, sizeof line, "%*s", (int)indent, "");
            empty = true;
        }
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%.*s", empty ? "" : " ",
                                 (int)word, text);
        if (used >= sizeof line)
            used = sizeof line - 1;
        empty = false;
        text += word;
        n -= word;
        while (n > 0 && *text == ' ') {
            text++;
            n--;
        }
    }
    cli_out(ctx, "%s", line);
}

/* Paragraphs divided by newlines; lines that begin with a space are left as they are. */
static void paragraphs(const cli_context *ctx, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        if (n == 0 || *text == ' ')
            cli_out(ctx, "%.*s", (int)n, text);
        else
            wrap(ctx, "", 0, text, n);
        text += n + (text[n] == '\n');
    }
}

static void lines(const cli_context *ctx, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        cli_out(ctx, "  %.*s", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* `left` in a column of its own, then the text. */
static void entry(const cli_context *ctx, const char *left, size_t column, const char *text)
{
    char lead[LINE];

    snprintf(lead, sizeof lead, "%*s%-*s", INDENT, "", (int)(column - INDENT), left);
    if (strlen(left) + INDENT + 2 > column) {
        cli_out(ctx, "%*s%s", INDENT, "", left);
        snprintf(lead, sizeof lead, "%*s", (int)column, "");
    }
    wrap(ctx, lead, column, text, strlen(text));
}

static void option(const cli_context *ctx, const cli_opt *o)
{
    char left[LINE], letter[8] = "    ", text[2 * LINE];
    bool listed = o->choices && !(o->arg && strchr(o->arg, '|'));

    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
             o->arg ? o->arg : "");
    snprintf(text, sizeof text, "%s%s%s", o->help, listed ? ": " : "", listed ? o->choices : "");
    entry(ctx, left, OPTION_COLUMN, text);
}

static void options(const cli_context *ctx, const char *title, const cli_opt *table)
{
    cli_out(ctx, "%s", "");
    cli_out(ctx, "%s:", title);
    for (const cli_opt *o = table; o->name; o++)
        option(ctx, o);
}

void cli_help_program(const cli_context *ctx)
{
    cli_out(ctx, "Usage: wadokit [global options] COMMAND [options] [TARGET...]");
    cli_out(ctx, "%s", "");
    paragraphs(ctx, "From a FHIR search or a DICOMweb server to DICOM files and correct pictures "
                    "on disk.\n");
    cli_out(ctx, "%s", "");
    cli_out(ctx, "Commands:");
    for (size_t i = 0; cli_commands[i]; i++)
        entry(ctx, cli_commands[i]->name, COMMAND_COLUMN, cli_commands[i]->summary);
    options(ctx, "Global options, before or after the command", cli_global_opts);
    cli_out(ctx, "%s", "");
    paragraphs(ctx, "A TARGET is a DICOM file or a directory; a JSON file with a FHIR Bundle, an "
                    "ImagingStudy or the output of search; the URL of a FHIR ImagingStudy, or of a "
                    "DICOMweb study, series, instance or frame; with --dicomweb a bare "
                    "STUDYUID[/SERIESUID[/SOPUID]]; or - for standard input.\n\n"
                    "Secrets are never options: WADOKIT_TOKEN, WADOKIT_PASSWORD and "
                    "WADOKIT_CLIENT_SECRET are read from the environment.\n\n"
                    "wadokit COMMAND --help tells about one command; man wadokit tells all.");
}

void cli_help_command(const cli_context *ctx, const cli_command *command)
{
    bool has_args = command->args && command->args[0];

    cli_out(ctx, "Usage: wadokit [global options] %s%s%s%s", command->name,
            command->opts && command->opts->name ? " [options]" : "", has_args ? " " : "",
            has_args ? command->args : "");
    cli_out(ctx, "%s", "");
    if (command->description)
        paragraphs(ctx, command->description);
    else
        cli_out(ctx, "%s", command->summary);
    if (command->opts && command->opts->name)
        options(ctx, "Options", command->opts);
    if (command->examples) {
        cli_out(ctx, "%s", "");
        cli_out(ctx, "Examples:");
        lines(ctx, command->examples);
    }
    cli_out(ctx, "%s", "");
    cli_out(ctx, "For the global options see wadokit --help.");
}

void cli_help_version(const cli_context *ctx)
{
    cli_out(ctx, "wadokit %s", wk_version());
    for (size_t i = 0; wk_version_line(i); i++)
        cli_out(ctx, "  %s", wk_version_line(i));
}
