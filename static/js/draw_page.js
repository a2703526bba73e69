// The drawing page: wires the pad, the recognition, the question and the latest drawings to each other.

import { Answer } from "./answer.js";
import { Cursor } from "./cursor.js";
import { Feedback } from "./feedback.js";
import { toLists } from "./geometry.js";
import { Intake, Picture } from "./intake.js";
import { Pad } from "./pad.js";
import { api, find, notice, on, startCards } from "./page.js";
import { isAboutContent } from "./problems.js";
import { Recognition } from "./recognition.js";
import { listenToKeys } from "./shortcuts.js";
import { words } from "./words.js";

const LATEST = 12; // drawings in the strip
const KEPT = "digit"; // session storage: the drawing, while the page loads again

const pad = new Pad(find("pad"));
const recognition = new Recognition(api);
const answer = new Answer(find("answer"), find("bars"), find("seen"), find("version"));
const feedback = new Feedback(find("feedback"));
const picture = new Picture(find("picture"));
const intake = new Intake(find("file"), document);
const { cards, editor } = startCards(LATEST);
let explanation = null; // loaded when the visitor first asks for it

// Strokes and pictures go to the server

function beginStroke() {
  // A stroke over a picture begins another digit.
  if (!picture.isEmpty) {
    recognition.startOver();
    picture.clear();
  }
  recognition.interrupt();
  notice.hide();
  answer.wait();
  showTools();
}

function readStrokes({ strokes }) {
  notice.hide();
  showTools();
  if (strokes.length > 0) {
    const lists = toLists(strokes);
    recognition.read({ strokes: lists, pen_width: pad.penWidth, source: "canvas" });
  } else {
    recognition.interrupt();
    showNothing(words.reading.next);
  }
}

async function readFile({ file }) {
  notice.hide();
  try {
    const { shrink } = await import("./shrink.js");
    const url = await shrink(file);
    clear();
    readPicture(url);
  } catch (problem) {
    offerAnotherFile(problem);
  }
}

function readPicture(url) {
  picture.show(url);
  showTools();
  recognition.read({ image: url, source: "upload" });
}

function clear() {
  recognition.startOver();
  picture.clear();
  pad.clear();
}

function choosePen(width) {
  pad.penWidth = width;
  find("pen").lastElementChild.textContent = words.pens[width];
  find("pen").style.setProperty("--dot", `${width / 22}rem`);
}

function nextPen() {
  const widths = Object.keys(words.pens).map(Number);
  choosePen(widths[(widths.indexOf(pad.penWidth) + 1) % widths.length]);
  find("voice").textContent = words.pens[pad.penWidth];
}

// Answers and problems come back

function showAnswer({ drawing }) {
  answer.show(drawing);
  feedback.show(drawing);
  explain(drawing);
  cards.update(drawing);
}

function showVerdict({ drawing }) {
  answer.judge(drawing);
  feedback.show(drawing);
  cards.put(drawing);
}

function showProblem({ problem }) {
  if (!recognition.answered) showNothing();
  if (!picture.isEmpty && isAboutContent(problem)) offerAnotherFile(problem);
  else notice.tell(problem, () => recognition.retry());
}

function offerAnotherFile(problem) {
  notice.tell(problem, () => find("file").click(), words.picture.another);
}

function showNothing(sentence) {
  answer.clear(sentence);
  feedback.hide();
  explain(null);
}

function showTools() {
  const isEmpty = pad.isEmpty && picture.isEmpty;
  find("hint").hidden = !isEmpty;
  // `disabled` would take the focus away from the button that was just pressed.
  find("undo").setAttribute("aria-disabled", String(!pad.canUndo));
  find("redo").setAttribute("aria-disabled", String(!pad.canRedo));
  find("clear").setAttribute("aria-disabled", String(isEmpty));
}

// Where the model looked

function explain(drawing) {
  find("looked-button").hidden = drawing === null;
  explanation?.show(drawing);
}

async function toggleExplanation() {
  if (!explanation) {
    const { Explanation } = await import("./explanation.js");
    const [button, canvas] = [find("looked-button"), find("looked")];
    explanation = new Explanation(api, button, canvas, find("looked-sentence"));
    on(explanation, "failure", ({ problem }) => notice.tell(problem, () => explanation.toggle()));
    explanation.show(recognition.answered);
  }
  explanation.toggle();
}

// The drawing outlasts a reload that the page itself starts

function keepDrawing() {
  const kept = { id: recognition.id, strokes: pad.strokes, picture: picture.url };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

function restoreDrawing() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  if (kept) recognition.resume(kept.id);
  pad.load(kept?.strokes ?? []);
  if (kept?.picture) readPicture(kept.picture);
}

async function loadLatest() {
  try {
    cards.append((await api.list(`?page_size=${LATEST}`)).results);
  } catch {
    // The page works without the strip, and drawing shows what is wrong.
  }
}

on(pad, "begin", beginStroke);
on(pad, "change", readStrokes);
on(intake, "file", readFile);
on(intake, "dragging", ({ isOver }) => find("sheet").toggleAttribute("data-dropping", isOver));
on(recognition, "waiting", () => answer.expect());
on(recognition, "answer", showAnswer);
on(recognition, "verdict", showVerdict);
on(recognition, "finished", ({ drawing }) => cards.put(drawing));
on(recognition, "failure", showProblem);
on(feedback, "judge", (said) => {
  notice.hide();
  recognition.judge(said);
});
on(editor, "judged", ({ drawing }) => recognition.adopt(drawing));
on(editor, "deleted", ({ drawing }) => recognition.forget(drawing.id) && clear());
on(find("undo"), "click", () => pad.undo());
on(find("redo"), "click", () => pad.redo());
on(find("clear"), "click", clear);
on(find("pen"), "click", nextPen);
on(find("looked-button"), "click", toggleExplanation);
on(find("languages"), "submit", keepDrawing);
on(notice, "reload", () => {
  keepDrawing();
  location.reload();
});
new Cursor(find("pad"), pad, find("cursor"), find("voice"));
listenToKeys(find("main"), feedback, {
  undo: () => pad.undo(),
  redo: () => pad.redo(),
  next: clear,
  list: () => {},
});

restoreDrawing();
loadLatest();
