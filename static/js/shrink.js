// Shrinks a picture of any size and format that the browser knows; only its pixels are sent, without any metadata.

import { Problem } from "./problems.js";

const MAX_SIDE = 640; // pixels; the archive stores 280
const MAX_BYTES = 30e6;

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

/** The picture in a file as a data: URL; throws a Problem if the file is not a picture. */
export async function shrink(file) {
  if (file.size > MAX_BYTES) throw new Problem({ type: "/problems/image-too-large/" });
  const bitmap = await createImageBitmap(file).catch(() => {
    const isHeic = /hei[cf]/i.test(file.type + file.name.slice(-5));
    throw new Problem({ type: isHeic ? "/problems/heic/" : "/problems/invalid-image/" });
  });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, fittingSize(bitmap));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  if (isLightOnClear(context.getImageData(0, 0, canvas.width, canvas.height).data)) {
    context.globalCompositeOperation = "destination-over";
    context.fillRect(0, 0, canvas.width, canvas.height); // black: on the usual white it would not be seen
  }
  return canvas.toDataURL("image/webp", 0.9); // PNG in browsers that cannot write WebP
}
