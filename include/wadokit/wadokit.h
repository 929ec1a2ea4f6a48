/*
 * libwadokit: from a FHIR search or a DICOMweb server to DICOM files and correct pictures on disk.
 *
 * Conventions that hold everywhere:
 * - wk_noun_verb; pairs: new/free for what lives on the heap, init/clear for the caller's structs.
 * - The wk_error comes last and may be NULL; `out` is untouched on failure.
 * - A handle is used by one thread at a time; what a process needs set up once is set up inside.
 * - Callbacks take a `void *user`, handed through untouched.
 * - The library never prints, never exits, never reads the environment unless said.
 */
#ifndef WADOKIT_WADOKIT_H
#define WADOKIT_WADOKIT_H

#include <wadokit/auth.h>
#include <wadokit/cancel.h>
#include <wadokit/convert.h>
#include <wadokit/doctor.h>
#include <wadokit/error.h>
#include <wadokit/export.h>
#include <wadokit/fhir.h>
#include <wadokit/gallery.h>
#include <wadokit/info.h>
#include <wadokit/json.h>
#include <wadokit/limits.h>
#include <wadokit/log.h>
#include <wadokit/photo.h>
#include <wadokit/plan.h>
#include <wadokit/search.h>
#include <wadokit/retrieve.h>
#include <wadokit/serve.h>
#include <wadokit/session.h>
#include <wadokit/shard.h>
#include <wadokit/thumbnail.h>
#include <wadokit/verify.h>
#include <wadokit/version.h>
#include <wadokit/web_tree.h>

#endif
