// What a new version learned from, and what it now reads of the digits that the visitor misread, in a sentence or two.

import { words } from "./words.js";

/** `own` is null where it was not noted whose answers they were. */
export function sentenceAbout({ model, learned, own, misread, mended }) {
  const sentences = [words.gain.learned(model, learned, own ?? 0)];
  if (misread > 0) sentences.push(words.gain.mended(misread, mended));
  return sentences.join(" ");
}
