/* The program wadokit-decode: third-party decoders, one a process, for wadokit alone (box/box.h).
 */
#include "decoder/workers.h"

int main(int argc, char **argv)
{
    return wki_box_serve(argc, argv, wki_decoder_workers);
}
