// What an answer says: its eleven shares and the words for it, the same wherever a page shows it.

import { NONE, words } from "./words.js";

export { NONE };

// Shares; docs/benchmarks.md has how often an answer is right that is called so.
const SURE_FROM = 0.95;
const UNSURE_BELOW = 0.6;

/** What the page shows of a drawing: the reading with the visitor's own answers, where there are some. */
export const shownOf = (drawing) => drawing.personal ?? drawing;

/** 0 to 9, or "none". */
export function answerOf(drawing) {
  const { is_digit: isDigit, prediction } = shownOf(drawing);
  return isDigit ? prediction : NONE;
}

/** An answer in one sign. */
export const short = (answer) => (answer === NONE ? "?" : String(answer));

/** "right" or "wrong", as the visitor says, or "open". */
export function verdictOn(drawing) {
  if (drawing.label === null) return "open";
  return drawing.label === answerOf(drawing) ? "right" : "wrong";
}

/** How likely each of the ten digits is, and that it is none; together 1. */
export function sharesOf(drawing) {
  const { probabilities, is_digit: isDigit, strangeness } = shownOf(drawing);
  const none = strangeness ?? (isDigit ? 0 : 1); // drawings of older versions lack it
  return [...probabilities.map((share) => share * (1 - none)), none];
}

/** The answer that comes second. */
export function secondGuess(drawing) {
  const shares = sharesOf(drawing);
  const others = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NONE].filter((each) => each !== answerOf(drawing));
  const shareOf = (answer) => shares[answer === NONE ? 10 : answer];
  return others.reduce((most, each) => (shareOf(each) > shareOf(most) ? each : most));
}

/** A sentence, and what stands below it: how sure that is. */
export function describe(drawing) {
  const answer = answerOf(drawing);
  if (answer === NONE) return [words.reading.noDigit, words.reading.isItOne];
  const share = sharesOf(drawing)[answer];
  const other = secondGuess(drawing);
  if (share < UNSURE_BELOW)
    return [words.reading.torn(answer, other), words.reading.likelier(answer, share)];
  const sentence = words.reading.reads(answer);
  const own = answerOf({ ...drawing, personal: null });
  if (own !== answer) return [sentence, words.reading.learned(own)];
  if (share < SURE_FROM) return [sentence, words.reading.fairlySure(share, other)];
  return [sentence, words.reading.sure(share)];
}
