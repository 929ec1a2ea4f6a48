/*
 * The names in an open folder, which not every C library lists by itself.
 */
#ifndef WADOKIT_CORE_DIR_NAMES_H
#define WADOKIT_CORE_DIR_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_dir_names {
    char **names; /* sorted by their bytes */
    size_t n;
} wki_dir_names;

/* The names that `wanted` takes; "." and ".." are not asked for. False and errno where the folder
 * cannot be read or memory is lacking. Free with wki_dir_names_clear(). */
bool wki_dir_names_read(int dir_fd, bool (*wanted)(const char *name), wki_dir_names *out);
void wki_dir_names_clear(wki_dir_names *d);

#ifdef __cplusplus
}
#endif

#endif
