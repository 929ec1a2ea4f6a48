/*
 * What an object without pixels is, for people.
 */
#ifndef WADOKIT_FLOW_DRAW_OBJECT_LABEL_H
#define WADOKIT_FLOW_DRAW_OBJECT_LABEL_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A short title ("SR") and a line ("Structured report") for a SOP Class UID (PS3.4 B.5); modality,
 * where the class is not known, is the title, and the line is empty. Static or borrowed from
 * `modality`, never NULL. */
void wki_object_label(const char *sop_class, const char *modality, const char **title,
                      const char **line);

/* Whether objects of this class never have pixels; false where that is not known. */
bool wki_object_is_without_pixels(const char *sop_class);

#ifdef __cplusplus
}
#endif

#endif
