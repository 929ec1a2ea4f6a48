/* Where the program is: beside the file that has this code, wherever that was moved to. */
#include <dlfcn.h>
#include <elf.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "box/box.h"
#include "core/text.h"

/* Set by src/box/CMakeLists.txt: from the folder of the program wadokit and of the shared library,
 * and where it was made for. */
#ifndef WADOKIT_DECODE_FROM_BIN
#define WADOKIT_DECODE_FROM_BIN ""
#define WADOKIT_DECODE_FROM_LIB ""
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *found; /* kept */

/* The file that has this code; NULL where that cannot be told. On the heap. */
static char *own_file(bool *is_program)
{
    uintptr_t headers = (uintptr_t)getauxval(AT_PHDR), base;
    Dl_info info;

    if (dladdr(&once, &info) == 0 || !info.dli_fname)
        return NULL;
    base = (uintptr_t)info.dli_fbase;
    /* The program's own headers lie at its beginning; its name is what its caller made of it. */
    *is_program = headers >= base && headers - base <= sizeof(Elf64_Ehdr);
    return realpath(*is_program ? "/proc/self/exe" : info.dli_fname, NULL);
}

static char *beside(const char *file, const char *way)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    char *path = slash ? wki_strfmt("%.*s/%s", (int)(slash - file), file, way) : NULL;
    char *real = path ? realpath(path, NULL) : NULL;

    free(path);
    return real;
}

static void look(void)
{
    bool is_program = false;
    char *file = own_file(&is_program);

    found = *WADOKIT_DECODE_FROM_BIN
                ? beside(file, is_program ? WADOKIT_DECODE_FROM_BIN : WADOKIT_DECODE_FROM_LIB)
                : NULL;
    if (!found && access(WADOKIT_DECODE_PROGRAM, X_OK) == 0)
        found = wki_strdup(WADOKIT_DECODE_PROGRAM);
    free(file);
}

wk_code wki_box_program(const char **out, wk_error *err)
{
    (void)pthread_once(&once, look);
    if (!found)
        return wk_fail(err, WK_IO,
                       "the program of the decoders is not there: %s; install wadokit again, or "
                       "say where it is",
                       WADOKIT_DECODE_PROGRAM);
    *out = found;
    return WK_OK;
}
