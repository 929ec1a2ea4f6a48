// What the JavaScript client dicomweb-client does: retrieve a study, write its instances.
//
//   node dicomweb_get.mjs ROOT STUDY OUT    instances go to OUT/0.dcm, OUT/1.dcm, ...
import fs from "node:fs";
import path from "node:path";
import dicomweb from "dicomweb-client";
import xhr2 from "xhr2";

// It is made for browsers: this is all of one that it needs.
globalThis.XMLHttpRequest = xhr2.XMLHttpRequest ?? xhr2;

const [root, study, out] = process.argv.slice(2);
const client = new dicomweb.api.DICOMwebClient({ url: root });
const parts = await client.retrieveStudy({ studyInstanceUID: study });
parts.forEach((part, i) => fs.writeFileSync(path.join(out, `${i}.dcm`), new Uint8Array(part)));
