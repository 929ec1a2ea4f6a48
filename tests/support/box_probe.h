/* What box_probe.c can be asked for. */
#ifndef WADOKIT_TESTS_BOX_PROBE_H
#define WADOKIT_TESTS_BOX_PROBE_H

/* The first byte of a stream that it "decodes". */
enum {
    PROBE_TELL, /* who decodes: pictures so far in the second cell, bytes of the stream in the third
                 */
    PROBE_BREAK,  /* die */
    PROBE_SPIN,   /* never end */
    PROBE_REFUSE, /* an error */
    PROBE_GROW,   /* a picture larger than the header says */
    PROBE_WORDS,  /* a warning that would colour the terminal */
    PROBE_COLOR   /* a colour that there is not */
};

/* Operations beside decoding (0). */
enum {
    PROBE_TRY = 1, /* the input names it: errno, or 0 where it could be done */
    PROBE_LIE,     /* an answer longer than there is room */
    PROBE_HOARD    /* 4 GiB of memory */
};

#endif
