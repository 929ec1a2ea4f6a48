#include <string.h>

#include "completion.h"
#include "help.h"
#include "opts.h"

static int run(cli_context *ctx, int argc, char **argv)
{
    const cli_command *command = argc > 0 ? cli_command_find(argv[0]) : NULL;

    if (argc == 0) {
        cli_help_program(ctx);
        return 0;
    }
    if (!command && argc == 2 && strcmp(argv[0], "completion") == 0)
        return cli_completion(ctx, argv[1])
                   ? 0
                   : cli_usage(ctx, "no completion for '%s': bash, zsh or fish", argv[1]);
    if (!command)
        return cli_usage(ctx, "unknown command '%s'", argv[0]);
    if (argc > 1)
        return cli_usage(ctx, "help: too many arguments: '%s'", argv[1]);
    cli_help_command(ctx, command);
    return 0;
}

const cli_command cli_cmd_help = {
    .name = "help",
    .args = "[COMMAND | completion bash|zsh|fish]",
    .summary = "show help about wadokit or a command",
    .min_args = 0,
    .max_args = 2,
    .no_session = true,
    .run = run,
};
