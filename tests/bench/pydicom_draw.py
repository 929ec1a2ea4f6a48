#!/usr/bin/env python3
"""What pydicom, NumPy and Pillow do in one process for many files: window, scale, write.

usage: pydicom_draw.py thumb|jpg|png OUT FILE...    pictures go to OUT/0.jpg, OUT/1.jpg, ...
"""
import os
import sys

import numpy
import pydicom
from PIL import Image
from pydicom.multival import MultiValue
from pydicom.pixel_data_handlers import convert_color_space


def first(value):
    return float(value[0] if isinstance(value, MultiValue) else value)


def shown(d):
    """The middle frame as 8 bits: PS3.3 C.11.2.1.2.1 in single precision."""
    pixels = d.pixel_array
    if int(d.get("NumberOfFrames", 1) or 1) > 1:
        pixels = pixels[len(pixels) // 2]
    if d.SamplesPerPixel == 3:
        ybr = d.PhotometricInterpretation.startswith("YBR_FULL")
        return convert_color_space(pixels, d.PhotometricInterpretation, "RGB") if ybr else pixels
    values = pixels.astype(numpy.float32)
    values *= numpy.float32(d.get("RescaleSlope", 1))
    values += numpy.float32(d.get("RescaleIntercept", 0))
    if "WindowCenter" in d:
        center, width = first(d.WindowCenter), first(d.WindowWidth)
        low, span = center - 0.5 - (width - 1) / 2, width - 1
    else:
        low, span = float(values.min()), float(values.max() - values.min())
    values -= numpy.float32(low)
    values *= numpy.float32(255 / max(span, 1e-6))
    numpy.clip(values, 0, 255, out=values)
    if d.PhotometricInterpretation == "MONOCHROME1":
        values = 255 - values
    return values.astype(numpy.uint8)


def main():
    task, out = sys.argv[1:3]
    for i, path in enumerate(sys.argv[3:]):
        picture = Image.fromarray(shown(pydicom.dcmread(path)))
        if task == "thumb":
            scale = min(1, 256 / max(picture.size))
            picture = picture.resize([max(1, round(n * scale)) for n in picture.size], Image.BOX)
        if task == "png":
            picture.save(os.path.join(out, "%d.png" % i))
        else:
            picture.save(os.path.join(out, "%d.jpg" % i), quality=90)


if __name__ == "__main__":
    main()
