/* hash.h by its module. A state exists only where the module was opened. */
#include "core/hash_module.h"

static const wki_crypto_module *module(wk_error *err)
{
    return wki_module_open("crypto", err);
}

wk_code wki_sha256_new(wki_sha256 **out, wk_error *err)
{
    const wki_crypto_module *m = module(err);

    return m ? m->sha256_new(out, err) : WK_IO;
}

void wki_sha256_free(wki_sha256 *h)
{
    if (h)
        module(NULL)->sha256_free(h);
}

void wki_sha256_reset(wki_sha256 *h)
{
    module(NULL)->sha256_reset(h);
}

void wki_sha256_add(wki_sha256 *h, const void *data, size_t n)
{
    module(NULL)->sha256_add(h, data, n);
}

void wki_sha256_finish(wki_sha256 *h, char hex[WKI_SHA256_HEX_SIZE])
{
    module(NULL)->sha256_finish(h, hex);
}

wk_code wki_sha256_once(const void *data, size_t n, unsigned char out[WKI_SHA256_BYTES],
                        wk_error *err)
{
    const wki_crypto_module *m = module(err);

    return m ? m->sha256_once(data, n, out, err) : WK_IO;
}

wk_code wki_sha1_once(const void *data, size_t n, unsigned char out[WKI_SHA1_BYTES], wk_error *err)
{
    const wki_crypto_module *m = module(err);

    return m ? m->sha1_once(data, n, out, err) : WK_IO;
}
