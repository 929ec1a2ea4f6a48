#include "core/module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <wadokit/version.h>

/* WADOKIT_MODULES is "dcmtk", "curl", ... */
static const char *const names[] = {WADOKIT_MODULES};

#ifndef WADOKIT_MODULES_DIR
#define WADOKIT_MODULES_DIR ""
#endif

enum {
    N_MODULES = sizeof names / sizeof names[0]
};

static const wki_module_head *tables[N_MODULES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

const char *wki_module_name(size_t i)
{
    return i < N_MODULES ? names[i] : NULL;
}

/* By its name alone (sanitizers need the folder, src/CMakeLists.txt), so that the linker looks
 * where the RUNPATH of the file with this code says: beside the program, wherever that was moved
 * to. */
static const wki_module_head *load(const char *name, wk_error *err)
{
    char text[sizeof WADOKIT_MODULES_DIR + 64];
    const wki_module_head *head;
    void *so;

    snprintf(text, sizeof text, "%swadokit-%s.so", WADOKIT_MODULES_DIR, name);
    so = dlopen(text, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    if (!so) {
        const char *why = dlerror();

        wk_fail(err, WK_IO, "module %s cannot be opened: %s; install wadokit again", name,
                why ? why : "?");
        return NULL;
    }
    snprintf(text, sizeof text, "wki_%s_module_table", name);
    head = dlsym(so, text);
    if (head && strcmp(head->version, wk_version()) == 0)
        return head;
    dlclose(so);
    wk_fail(err, WK_IO, "module %s is of wadokit %s, this is %s; install wadokit again", name,
            head ? head->version : "?", wk_version());
    return NULL;
}

static size_t index_of(const char *name)
{
    size_t i = 0;

    while (i < N_MODULES && strcmp(names[i], name) != 0)
        i++;
    return i;
}

const void *wki_module_open(const char *name, wk_error *err)
{
    const wki_module_head *head;
    size_t i = index_of(name);

    if (i == N_MODULES) {
        wk_fail(err, WK_INTERNAL, "there is no module %s", name);
        return NULL;
    }
    head = __atomic_load_n(&tables[i], __ATOMIC_ACQUIRE);
    if (head)
        return head;
    pthread_mutex_lock(&lock);
    head = tables[i] ? tables[i] : load(name, err);
    __atomic_store_n(&tables[i], head, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    return head;
}
