/* Configuration files. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "globals.h"
#include "profile.h"

static const cli_opt no_opts[] = {{0}};
static const cli_command none = {.name = "none", .opts = no_opts};
const cli_command *const cli_commands[] = {&none, NULL};

static void read_profile(const char *path)
{
    cli_profile p;
    wk_error err = {0};

    cli_globals.config = path;
    if (cli_profile_load(&p, &err) == WK_OK) {
        for (size_t i = 0; i < p.n; i++) {
            wk_error each = {0};
            wk_code rc = cli_profile_check(&p, &p.entries[i], &each);

            FUZZ_HOLDS(rc == each.code);
            wk_error_clear(&each);
            rc = cli_profile_check_section(&p, p.entries[i].section, &each);
            FUZZ_HOLDS(rc == each.code);
        }
    }
    cli_profile_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("profile", MFD_CLOEXEC);
    char path[64];

    if (fd < 0)
        return 0;
    fchmod(fd, 0600);
    if (write(fd, data, size) == (ssize_t)size) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        read_profile(path);
    }
    close(fd);
    return 0;
}
