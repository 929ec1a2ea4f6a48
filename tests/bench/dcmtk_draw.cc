// What DCMTK itself does in one process for many files: loadFile, DicomImage, window, scale, write.
//
//   dcmtk_draw thumb|jpg|png OUT FILE...    pictures go to OUT/0.jpg, OUT/1.jpg, ...
#include "dcmtk/config/osconfig.h"

#include "dcmtk/dcmdata/dcrledrg.h"
#include "dcmtk/dcmdata/dctk.h"
#include "dcmtk/dcmimgle/dcmimage.h"

#include "dcmtk/dcmimage/diregist.h"

#include "dcmtk/dcmimage/dipipng.h"
#include "dcmtk/dcmjpeg/dipijpeg.h"
#include "dcmtk/dcmjpeg/djdecode.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace
{
bool write(DicomImage &image, const std::string &task, const std::string &path)
{
    FILE *out = fopen(path.c_str(), "wb");
    bool ok;

    if (!out)
        return false;
    if (task == "png") {
        DiPNGPlugin png;

        ok = image.writePluginFormat(&png, out) != 0;
    } else {
        DiJPEGPlugin jpeg;

        jpeg.setQuality(90);
        ok = image.writePluginFormat(&jpeg, out) != 0;
    }
    return fclose(out) == 0 && ok;
}

bool draw(const char *file, const std::string &task, const std::string &path)
{
    DcmFileFormat format;
    Sint32 frames = 1;

    if (format.loadFile(file).bad())
        return false;
    (void)format.getDataset()->findAndGetSint32(DCM_NumberOfFrames, frames);
    DicomImage image(&format, format.getDataset()->getOriginalXfer(),
                     CIF_UsePartialAccessToPixelData,
                     static_cast<unsigned long>(frames > 1 ? frames / 2 : 0), 1);
    if (image.getStatus() != EIS_Normal)
        return false;
    if (image.isMonochrome() && image.getWindowCount() > 0)
        image.setWindow(0);
    if (task != "thumb")
        return write(image, task, path);
    bool wide = image.getWidth() >= image.getHeight();
    std::unique_ptr<DicomImage> small(
        image.createScaledImage(wide ? 256ul : 0ul, wide ? 0ul : 256ul, 1, 1));

    return small && write(*small, task, path);
}

} // namespace

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc < 4)
        return 2;
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
    for (int i = 3; i < argc; i++) {
        std::string path = std::string(argv[2]) + "/" + std::to_string(i - 3) +
                           (strcmp(argv[1], "png") == 0 ? ".png" : ".jpg");

        failed += !draw(argv[i], argv[1], path);
    }
    return failed ? 1 : 0;
}
