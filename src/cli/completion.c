#include "completion.h"

#include <string.h>

#include "globals.h"

enum {
    LINE = 4096
};

typedef struct text {
    char s[LINE];
    size_t n;
} text;

static void add(text *t, const char *s)
{
    size_t n = strlen(s);

    if (t->n + n < sizeof t->s) {
        memcpy(t->s + t->n, s, n + 1);
        t->n += n;
    }
}

/* Within single quotes of a shell; `also` gets a backslash in front. */
static void add_quoted(text *t, const char *s, const char *also)
{
    for (; *s; s++) {
        char one[3] = {*s, '\0', '\0'};

        if (*s == '\'') {
            add(t, "'\\''");
            continue;
        }
        if (strchr(also, *s)) {
            one[0] = '\\';
            one[1] = *s;
        }
        add(t, one);
    }
}

static bool takes_value(const cli_opt *o)
{
    return o->kind != CLI_FLAG && o->kind != CLI_COUNT;
}

/* What the value is: "file" and "dir" are completed as such, the others not. */
static const char *value_kind(const cli_opt *o)
{
    if (!takes_value(o) || !o->arg || o->choices)
        return "";
    if (strcmp(o->arg, "DIR") == 0)
        return "dir";
    return strstr(o->arg, "FILE") ? "file" : "";
}

static void add_names(text *t, const cli_opt *table)
{
    for (const cli_opt *o = table; o && o->name; o++) {
        add(t, " --");
        add(t, o->name);
        if (o->letter) {
            char letter[] = {' ', '-', o->letter, '\0'};

            add(t, letter);
        }
    }
}

/* --- bash --- */

static void bash_values(const cli_context *ctx, const char *command, const cli_opt *table)
{
    for (const cli_opt *o = table; o && o->name; o++) {
        text t = {.n = 0};

        if (!takes_value(o))
            continue;
        add(&t, "        ");
        add(&t, command);
        add(&t, ":--");
        add(&t, o->name);
        if (o->letter) {
            char letter[] = {'-', o->letter, '\0'};

            add(&t, "|");
            add(&t, command);
            add(&t, ":");
            add(&t, letter);
        }
        add(&t, ") ");
        if (o->choices) {
            text words = {.n = 0};

            add(&words, o->choices);
            for (char *c = words.s; *c; c++)
                *c = *c == '|' ? ' ' : *c;
            add(&t, "COMPREPLY=($(compgen -W '");
            add(&t, words.s);
            add(&t, "' -- \"$cur\"));");
        } else if (*value_kind(o)) {
            add(&t, *value_kind(o) == 'd' ? "compopt -o dirnames;" : "compopt -o default;");
        }
        add(&t, " return ;;");
        cli_out(ctx, "%s", t.s);
    }
}

static void bash_options(const cli_context *ctx, const char *command, const cli_opt *table)
{
    text t = {.n = 0};

    add_names(&t, table);
    cli_out(ctx, "        %s) options='%s' ;;", command, t.s);
}

static void bash(const cli_context *ctx)
{
    text names = {.n = 0}, global = {.n = 0};

    for (size_t i = 0; cli_commands[i]; i++) {
        add(&names, " ");
        add(&names, cli_commands[i]->name);
    }
    add_names(&global, cli_global_opts);
    cli_out(ctx, "# bash completion for wadokit; made by: wadokit help completion bash");
    cli_out(ctx, "_wadokit()");
    cli_out(ctx, "{");
    cli_out(ctx, "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}");
    cli_out(ctx, "    local commands='%s' global='%s'", names.s, global.s);
    cli_out(ctx, "    local command= options= word");
    cli_out(ctx, "    COMPREPLY=()");
    cli_out(ctx, "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do");
    cli_out(ctx, "        case \" $commands \" in *\" $word \"*) command=$word; break ;; esac");
    cli_out(ctx, "    done");
    cli_out(ctx, "    case $command:$prev in");
    for (size_t i = 0; cli_commands[i]; i++)
        bash_values(ctx, cli_commands[i]->name, cli_commands[i]->opts);
    bash_values(ctx, "*", cli_global_opts);
    cli_out(ctx, "    esac");
    cli_out(ctx, "    case $command in");
    for (size_t i = 0; cli_commands[i]; i++)
        bash_options(ctx, cli_commands[i]->name, cli_commands[i]->opts);
    cli_out(ctx, "    esac");
    cli_out(ctx, "    if [[ $cur == -* ]]; then");
    cli_out(ctx, "        COMPREPLY=($(compgen -W \"$options $global\" -- \"$cur\"))");
    cli_out(ctx, "    elif [[ -z $command || $command == help ]]; then");
    cli_out(ctx, "        COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))");
    cli_out(ctx, "    else");
    cli_out(ctx, "        compopt -o default");
    cli_out(ctx, "    fi");
    cli_out(ctx, "}");
    cli_out(ctx, "complete -F _wadokit wadokit");
}

/* --- zsh --- */

static void zsh_option(const cli_context *ctx, const cli_opt *o)
{
    text t = {.n = 0}, words = {.n = 0};
    char letter[] = {'-', o->letter, '\0'};

    add(&t, "        ");
    if (o->kind == CLI_COUNT || o->kind == CLI_LIST)
        add(&t, "'*'");
    if (o->letter) {
        add(&t, "{--");
        add(&t, o->name);
        add(&t, ",");
        add(&t, letter);
        add(&t, "}'[");
    } else {
        add(&t, "'--");
        add(&t, o->name);
        add(&t, "[");
    }
    add_quoted(&t, o->help, "[]:");
    add(&t, "]");
    if (takes_value(o)) {
        add(&t, ":");
        add_quoted(&t, o->arg ? o->arg : "VALUE", ":");
        add(&t, ":");
        if (o->choices) {
            add(&words, o->choices);
            for (char *c = words.s; *c; c++)
                *c = *c == '|' ? ' ' : *c;
            add(&t, "(");
            add(&t, words.s);
            add(&t, ")");
        } else if (*value_kind(o)) {
            add(&t, *value_kind(o) == 'd' ? "_files -/" : "_files");
        }
    }
    add(&t, "'");
    cli_out(ctx, "%s", t.s);
}

static void zsh(const cli_context *ctx)
{
    cli_out(ctx, "#compdef wadokit");
    cli_out(ctx, "# zsh completion for wadokit; made by: wadokit help completion zsh");
    cli_out(ctx, "_wadokit() {");
    cli_out(ctx, "    local -a global commands options");
    cli_out(ctx, "    local command word");
    cli_out(ctx, "    commands=(");
    for (size_t i = 0; cli_commands[i]; i++) {
        text t = {.n = 0};

        add(&t, "        '");
        add(&t, cli_commands[i]->name);
        add(&t, ":");
        add_quoted(&t, cli_commands[i]->summary, ":");
        add(&t, "'");
        cli_out(ctx, "%s", t.s);
    }
    cli_out(ctx, "    )");
    cli_out(ctx, "    global=(");
    for (const cli_opt *o = cli_global_opts; o->name; o++)
        zsh_option(ctx, o);
    cli_out(ctx, "    )");
    cli_out(ctx, "    for word in ${words[2,CURRENT-1]}; do");
    cli_out(ctx, "        (( ${commands[(I)$word:*]} )) && { command=$word; break }");
    cli_out(ctx, "    done");
    cli_out(ctx, "    case $command in");
    for (size_t i = 0; cli_commands[i]; i++) {
        cli_out(ctx, "    %s) options=(", cli_commands[i]->name);
        for (const cli_opt *o = cli_commands[i]->opts; o && o->name; o++)
            zsh_option(ctx, o);
        cli_out(ctx, "    ) ;;");
    }
    cli_out(ctx, "    esac");
    cli_out(ctx, "    if [[ -z $command || $command == help ]]; then");
    cli_out(ctx, "        _arguments -S $global '*:command:{_describe command commands}'");
    cli_out(ctx, "    else");
    cli_out(ctx, "        _arguments -S $global $options '*:target:_files'");
    cli_out(ctx, "    fi");
    cli_out(ctx, "}");
    cli_out(ctx, "_wadokit \"$@\"");
}

/* --- fish --- */

static void fish_option(const cli_context *ctx, const char *command, const cli_opt *o)
{
    text t = {.n = 0}, words = {.n = 0};
    char letter[] = {o->letter, '\0'};

    add(&t, "complete -c wadokit");
    if (command) {
        add(&t, " -n '__fish_seen_subcommand_from ");
        add(&t, command);
        add(&t, "'");
    }
    add(&t, " -l ");
    add(&t, o->name);
    if (o->letter) {
        add(&t, " -s ");
        add(&t, letter);
    }
    if (takes_value(o)) {
        add(&t, *value_kind(o) ? " -r -F" : " -x");
        if (o->choices) {
            add(&words, o->choices);
            for (char *c = words.s; *c; c++)
                *c = *c == '|' ? ' ' : *c;
            add(&t, " -a '");
            add(&t, words.s);
            add(&t, "'");
        }
    }
    add(&t, " -d \"");
    for (const char *c = o->help; *c; c++) {
        char one[3] = {*c, '\0', '\0'};

        if (strchr("\"\\$", *c)) {
            one[0] = '\\';
            one[1] = *c;
        }
        add(&t, one);
    }
    add(&t, "\"");
    cli_out(ctx, "%s", t.s);
}

static void fish(const cli_context *ctx)
{
    cli_out(ctx, "# fish completion for wadokit; made by: wadokit help completion fish");
    for (size_t i = 0; cli_commands[i]; i++)
        cli_out(ctx, "complete -c wadokit -n __fish_use_subcommand -f -a %s -d \"%s\"",
                cli_commands[i]->name, cli_commands[i]->summary);
    for (const cli_opt *o = cli_global_opts; o->name; o++)
        fish_option(ctx, NULL, o);
    for (size_t i = 0; cli_commands[i]; i++) {
        for (const cli_opt *o = cli_commands[i]->opts; o && o->name; o++)
            fish_option(ctx, cli_commands[i]->name, o);
    }
}

bool cli_completion(const cli_context *ctx, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(ctx);
    else if (strcmp(shell, "zsh") == 0)
        zsh(ctx);
    else if (strcmp(shell, "fish") == 0)
        fish(ctx);
    else
        return false;
    return true;
}
