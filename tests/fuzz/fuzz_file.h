/* What fuzz_file asks for, by bytes of the preamble; known to the target and to its mutator. */
#ifndef WADOKIT_TESTS_FUZZ_FILE_H
#define WADOKIT_TESTS_FUZZ_FILE_H

typedef enum fuzz_file_wish {
    FUZZ_WINDOW, /* rule: 3 bits; 128: 16 bits a channel */
    FUZZ_LOOK,   /* 1 JPEG, 2 and 4 effort, 8 overlays, 16 sRGB, 32 placeholders, 64 JPEG as it is,
                    128 whole slide */
    FUZZ_TURN,   /* 2 bits: quarter turns; 2 bits: flip */
    FUZZ_PART,   /* a region; 0: none */
    FUZZ_HOW,    /* 2 bits: which frame; 4 modality values, 8 by DCMTK, 2 bits: box, 128 npy */
    FUZZ_WISHES
} fuzz_file_wish;

#endif
