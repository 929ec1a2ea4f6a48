/*
 * What wadokit-decode can do.
 */
#ifndef WADOKIT_DECODER_WORKERS_H
#define WADOKIT_DECODER_WORKERS_H

#include "box/box_serve.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each decoder by the name of its module (openjpeg, charls ...), and
 *   ijg     JPEG that libjpeg-turbo does not decode, by DCMTK
 *   dcmtk   data sets (dicom/dicom_wire.h)
 * A name of NULL ends the list. */
extern const wki_box_worker wki_decoder_workers[];

#ifdef __cplusplus
}
#endif

#endif
