// Shrinks a picture of any size and format that the browser knows; only its pixels are sent, without any metadata.

import { Problem } from "./problems.js";

const MAX_SIDE = 640; // pixels; the archive stores 280
const MAX_BYTES = 30e6;
const ORIENTATION = 0x0112; // a tag of EXIF
const TURNS = {
  1: [1, 0, 0, 1],
  2: [-1, 0, 0, 1],
  3: [-1, 0, 0, -1],
  4: [1, 0, 0, -1],
  5: [0, 1, 1, 0],
  6: [0, 1, -1, 0],
  7: [0, -1, -1, 0],
  8: [0, -1, 1, 0],
};

/** Width and height that fit, in the same proportion and never enlarged. */
export function fittingSize({ width, height }, side = MAX_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** Whether the ink of a transparent picture (RGBA) is light. */
export function isLightOnClear(data) {
  let [clear, ink, light] = [0, 0, 0];
  for (let index = 0; index < data.length; index += 4) {
    const isInk = data[index + 3] >= 128;
    clear += Number(!isInk);
    ink += Number(isInk);
    if (isInk) light += (data[index] + data[index + 1] + data[index + 2]) / 3;
  }
  return clear > 0 && ink > 0 && light / ink > 127;
}

/** The orientation, 1 to 8, that EXIF states. */
function orientationIn(view) {
  const start = view.getUint32(0) === 0x45786966 ? 6 : 0; // some begin with "Exif" and two zeros
  const isLittle = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, isLittle);
  for (let entry = 0; entry < view.getUint16(directory, isLittle); entry += 1) {
    const at = directory + 2 + 12 * entry;
    if (view.getUint16(at, isLittle) === ORIENTATION) return view.getUint16(at + 8, isLittle);
  }
  return 1;
}

/**
 * The orientation of a WebP, and the file without it: browsers differ in whether they turn one. They all turn pictures
 * of other formats, for which the orientation is 1.
 */
export async function splitOrientation(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const nameAt = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (nameAt(0) !== "RIFF" || nameAt(8) !== "WEBP") return { orientation: 1, still: file };
  for (let at = 12; at + 8 < bytes.length;) {
    const length = view.getUint32(at + 4, true);
    if (nameAt(at) === "EXIF") {
      bytes.set([0x4a, 0x55, 0x4e, 0x4b], at); // "JUNK"
      try {
        const orientation = orientationIn(new DataView(bytes.buffer, at + 8, length));
        return { orientation: orientation in TURNS ? orientation : 1, still: new Blob([bytes]) };
      } catch (error) {
        if (!(error instanceof RangeError)) throw error; // it is cut off
        return { orientation: 1, still: file };
      }
    }
    at += 8 + length + (length % 2);
  }
  return { orientation: 1, still: file };
}

/** The picture in a file as a data: URL; throws a Problem if the file is not a picture. */
export async function shrink(file) {
  if (file.size > MAX_BYTES) throw new Problem({ type: "/problems/image-too-large/" });
  const { orientation, still } = await splitOrientation(file);
  const bitmap = await createImageBitmap(still).catch(() => {
    const isHeic = /hei[cf]/i.test(file.type + file.name.slice(-5));
    throw new Problem({ type: isHeic ? "/problems/heic/" : "/problems/invalid-image/" });
  });
  const canvas = document.createElement("canvas");
  const { width, height } = fittingSize(bitmap);
  Object.assign(canvas, orientation < 5 ? { width, height } : { width: height, height: width });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const [a, b, c, d] = TURNS[orientation];
  const [x, y] = [Math.min(a + c, 0) * -canvas.width, Math.min(b + d, 0) * -canvas.height];
  context.setTransform(a, b, c, d, x, y);
  context.drawImage(bitmap, 0, 0, width, height);
  context.resetTransform();
  bitmap.close();
  if (isLightOnClear(context.getImageData(0, 0, canvas.width, canvas.height).data)) {
    context.globalCompositeOperation = "destination-over";
    context.fillRect(0, 0, canvas.width, canvas.height); // black: on the usual white it would not be seen
  }
  return canvas.toDataURL("image/webp", 0.9); // PNG in browsers that cannot write WebP
}
