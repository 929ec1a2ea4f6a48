/*
 * The matching keys of a search, and whether a server's record contradicts them: not every server
 * pays attention to every key (PS3.18 section 8.3.4.1 lets it), and what it lists then is other
 * people's data. qido_answer.h is the server's side of the same keys.
 */
#ifndef WADOKIT_DICOMWEB_QIDO_KEY_H
#define WADOKIT_DICOMWEB_QIDO_KEY_H

#include <stddef.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A matching key by keyword or tag: {"PatientID", "P1"}. */
typedef struct wki_qido_filter {
    const char *name;
    const char *value;
} wki_qido_filter;

/*
 * The name of the first of n filters that the record contradicts, NULL where it contradicts none.
 *
 * Only a contradiction counts: an attribute that the record lacks says nothing, nor does a key that
 * is not known here. Compared are patient (name, ID, birth date, sex), study, series and instance
 * UIDs, accession number, IDs, modalities, dates, descriptions and numbers, with all that a server
 * may do: wildcards, lists, ranges, any case, spaces around values, one modality of several, one
 * issuer's ID of several. Of a person's name each word of the key has to be somewhere in it, unless
 * fuzzy matching was asked for. Text that is not ASCII is not compared: servers fold it
 * differently.
 */
const char *wki_qido_contradicted(const wki_json *record, const wki_qido_filter *filters, size_t n);

#ifdef __cplusplus
}
#endif

#endif
