// What dcmjs-imaging does in one process for many files: render the middle frame, make it smaller, write.
//
//   node dcmjs_draw.mjs thumb|jpg|png OUT FILE...    pictures go to OUT/0.jpg, OUT/1.jpg, ...
import fs from "node:fs";
import path from "node:path";
import imaging from "dcmjs-imaging";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";

const BOX = 256;

/* RGBA by the mean of whole source pixels. */
function smaller(from, width, height) {
  const scale = Math.min(1, BOX / Math.max(width, height));
  const w = Math.max(1, Math.round(width * scale));
  const h = Math.max(1, Math.round(height * scale));
  const to = Buffer.alloc(w * h * 4);
  for (let y = 0; y < h; y++) {
    const top = Math.floor((y * height) / h);
    const bottom = Math.max(top + 1, Math.floor(((y + 1) * height) / h));
    for (let x = 0; x < w; x++) {
      const left = Math.floor((x * width) / w);
      const right = Math.max(left + 1, Math.floor(((x + 1) * width) / w));
      let r = 0, g = 0, b = 0;
      for (let v = top; v < bottom; v++) {
        for (let at = (v * width + left) * 4, end = (v * width + right) * 4; at < end; at += 4) {
          r += from[at];
          g += from[at + 1];
          b += from[at + 2];
        }
      }
      const n = (right - left) * (bottom - top);
      to.set([r / n, g / n, b / n, 255], (y * w + x) * 4);
    }
  }
  return { data: to, width: w, height: h };
}

const [task, out, ...files] = process.argv.slice(2);
await imaging.NativePixelDecoder.initializeAsync();
files.forEach((file, i) => {
  const bytes = fs.readFileSync(file);
  const image = new imaging.DicomImage(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const frame = Math.floor(image.getNumberOfFrames() / 2);
  const shown = image.render({ frame });
  let picture = { data: Buffer.from(shown.pixels), width: shown.width, height: shown.height };
  if (task === "thumb")
    picture = smaller(picture.data, picture.width, picture.height);
  if (task === "png") {
    const png = new PNG({ width: picture.width, height: picture.height });
    png.data = picture.data;
    fs.writeFileSync(path.join(out, i + ".png"), PNG.sync.write(png, { colorType: 2 }));
  } else {
    fs.writeFileSync(path.join(out, i + ".jpg"), jpeg.encode(picture, 90).data);
  }
});
