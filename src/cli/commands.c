#include "cli.h"

#include "cli_commands.h" /* made from the list in CMakeLists.txt */

const cli_command *const cli_commands[] = {CLI_COMMANDS NULL};
