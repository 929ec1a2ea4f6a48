#include "render/icc.h"

#include <lcms2.h>
#include <limits.h>
#include <stdio.h>

wk_code wki_picture_to_srgb(wki_picture *p, wk_error *err)
{
    cmsContext context;
    cmsHPROFILE from = NULL, to = NULL;
    cmsHTRANSFORM turn = NULL;
    size_t stride = (size_t)p->width * 3;
    wk_code rc = WK_OK;

    if (!p->icc || p->channels != 3 || p->depth != 8)
        return WK_OK;
    context = cmsCreateContext(NULL, NULL);
    if (!context)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (p->icc_size <= UINT_MAX)
        from = cmsOpenProfileFromMemTHR(context, p->icc, (cmsUInt32Number)p->icc_size);
    to = cmsCreate_sRGBProfileTHR(context);
    if (from && to && cmsGetColorSpace(from) == cmsSigRgbData)
        turn =
            cmsCreateTransformTHR(context, from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    if (turn) {
        for (uint32_t y = 0; y < p->height; y++) {
            uint8_t *row = (uint8_t *)p->data + y * stride;

            cmsDoTransform(turn, row, row, p->width);
        }
        p->icc = NULL;
        p->icc_size = 0;
        cmsDeleteTransform(turn);
    } else {
        rc = wk_fail(err, WK_DATA, "the ICC profile cannot be used");
    }
    if (from)
        cmsCloseProfile(from);
    if (to)
        cmsCloseProfile(to);
    cmsDeleteContext(context);
    return rc;
}

const char *wki_icc_version(void)
{
    static char text[64];

    if (!*text)
        snprintf(text, sizeof text, "Little CMS %d.%02d: ICC profiles", LCMS_VERSION / 1000,
                 LCMS_VERSION / 10 % 100);
    return text;
}
