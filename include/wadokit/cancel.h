/*
 * Asking a running call to stop: set from a signal handler or another thread, seen by the library
 * between steps, which then ends with WK_CANCELLED and removes its temporary files.
 */
#ifndef WADOKIT_CANCEL_H
#define WADOKIT_CANCEL_H

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* requested is the only field; a signal handler may assign 1 to it. */
typedef struct wk_cancel {
    volatile sig_atomic_t requested;
} wk_cancel;

#ifdef __cplusplus
}
#endif

#endif
