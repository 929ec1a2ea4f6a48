/*
 * Parts of the library that stand on heavy third-party libraries are modules of their own,
 * LIBDIR/wadokit/wadokit-NAME.so, opened when one of their functions is called for the first time:
 * linking all of them costs fifteen times what starting the program does.
 *
 * A header's functions are then defined twice: at home, and in FOLDER_module.c, which asks the
 * module for them. The program and the shared library are linked with the latter, the modules, the
 * static library and the tests with the former (src/CMakeLists.txt). A module stands on its own: it
 * has its own copy of what it uses of core/, and shows one symbol, a table whose first member is
 * wki_module_head.
 */
#ifndef WADOKIT_CORE_MODULE_H
#define WADOKIT_CORE_MODULE_H

#include <stddef.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* version: wadokit's. about: the library inside, in words, by what is in use: "libcurl 7.88.1 ...".
 */
typedef struct wki_module_head {
    const char *version;
    const char *(*about)(void);
} wki_module_head;

/* The table of module NAME, a `const wki_NAME_module` of this name in C and C++. */
#define WKI_MODULE_TABLE(name)                                                                     \
    extern __attribute__((visibility("default")))                                                  \
    const wki_##name##_module wki_##name##_module_table;                                           \
    const wki_##name##_module wki_##name##_module_table

/* Opens the module at the first call; from any thread. The table stays valid. NULL, and WK_IO in
 * *err with the file that is missing, where it cannot be opened or is of another version. */
const void *wki_module_open(const char *name, wk_error *err) WK_MUST_USE;

/* The name of module `i` of this build; NULL behind the last, and where all is linked in. */
const char *wki_module_name(size_t i);

#ifdef __cplusplus
}
#endif

#endif
