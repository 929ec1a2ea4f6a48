/*
 * Ready-made profiles: what is the same at every site of a system. The site's own values stand in a
 * section of the same name, or on the command line; they beat what is ready-made.
 */
#ifndef WADOKIT_CLI_PRESETS_H
#define WADOKIT_CLI_PRESETS_H

#include "profile.h"

/* Whether there is a ready-made profile of that name. */
bool cli_preset_has(const char *name);

/* Adds the entries (line 0) of every ready-made profile that the file has a section for, and of
 * `wanted` (may be NULL). {{NAME}} in them is filled by `set` and destination-slug, of the section
 * and of the command line. `p->entries` has room for `room` entries. */
wk_code cli_presets_merge(cli_profile *p, const char *wanted, size_t room,
                          wk_error *err) WK_MUST_USE;

/* What the site has still to give for a ready-made profile, in words ("client-id, set =
 * tenant-id"); false where nothing is missing, or the name is none of them. */
bool cli_preset_missing(const cli_profile *p, const char *section, char *out, size_t size);

/* "netsmart, cerbo, ..." */
const char *cli_preset_names(void);

#endif
