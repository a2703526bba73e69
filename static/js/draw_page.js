// The drawing page: wires the pad, the recognition, the question and the latest drawings to each other.

import { Answer } from "./answer.js";
import { Feedback } from "./feedback.js";
import { toTimedLists } from "./geometry.js";
import { Intake } from "./intake.js";
import { Pad } from "./pad.js";
import { api, find, kept, notice, on, startCards, tryStorage } from "./page.js";
import { Problem, isAboutContent } from "./problems.js";
import { Recognition } from "./recognition.js";
import { listenToKeys } from "./shortcuts.js";
import { words } from "./words.js";

const LATEST = 12; // drawings in the strip

const pad = new Pad(find("pad"));
const recognition = new Recognition(api);
const answer = new Answer(find("answer"), find("bars"), find("seen"), find("version"));
const feedback = new Feedback(find("feedback"));
const intake = new Intake(find("file"), document);
const cards = startCards(LATEST, {
  judged: (drawing) => recognition.adopt(drawing),
  deleted: ({ id }) => dropDrawing(id),
});
let keys = []; // pressed on the pad before the script for them is there
let drafts = null; // loaded with the first stroke
let inside = null; // loaded when the visitor first opens it
let memory = null; // loaded once the visitor has answered
let marking = null; // loaded with the first picture
let untold = null; // what a new version learned, until there is room to say it

// Sheets go to the server

function beginStroke() {
  // A stroke over a picture or over an answered drawing begins another digit.
  if (pad.sheet.picture || "turned" in find("sheet").dataset) turnSheet();
  recognition.interrupt();
  notice.hide();
  answer.wait();
  find("hint").hidden = true;
  readOnTheWay();
}

async function readOnTheWay() {
  if (navigator.connection?.saveData || recognition.digit.isAside) return;
  const { Drafts } = await import("./drafts.js").catch(() => ({}));
  if (!Drafts) return; // the answer comes at pen-up
  drafts ??= new Drafts(
    (strokes, seconds) => api.readDraft(strokes, seconds),
    (reading) => answer.sketch(reading),
  );
  drafts.follow(() => pad.growing);
}

function turnSheet(sheet) {
  recognition.startOver();
  pad.turn({ ...sheet, digit: recognition.digit });
}

function clear() {
  if (!pad.isEmpty) turnSheet();
}

function readSheet({ sheet }) {
  const { strokes, picture, digit, box } = sheet;
  notice.hide();
  marking?.stop();
  outline(null);
  markTurned(false);
  if (digit !== recognition.digit) recognition.resume(digit);
  showTools();
  if (picture) {
    recognition.read({ image: picture, box, source: "upload", ...aside() });
  } else if (strokes.length > 0) {
    const { width } = strokes.at(-1);
    const lists = toTimedLists(strokes);
    recognition.read({ strokes: lists, pen_width: width, source: "canvas", ...aside() });
  } else {
    recognition.interrupt();
    showNothing(pad.canUndo || pad.canRedo ? words.reading.next : words.reading.first);
  }
}

async function readFile({ file }) {
  notice.hide();
  try {
    const { shrink } = await import("./shrink.js");
    turnSheet({ picture: await shrink(file) });
  } catch (problem) {
    offerAnotherFile(problem);
  }
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

async function drawByKeys(event) {
  const isModified = event.ctrlKey || event.metaKey || event.altKey;
  if (!keys || isModified || !/^(Arrow.*| )$/.test(event.key)) return;
  event.preventDefault(); // no scrolling
  if (keys.push(event) > 1) return;
  try {
    const { Cursor } = await import("./cursor.js");
    const cursor = new Cursor(find("pad"), pad, find("cursor"), find("voice"));
    for (const each of keys) cursor.press(each);
    keys = null;
  } catch {
    keys = [];
    notice.tell(new Problem(), () => find("pad").focus());
  }
}

// Answers and problems come back

function showAnswer({ drawing }) {
  notice.hide();
  pad.setAside((drawing.set_aside ?? []).flatMap(({ strokes }) => strokes));
  answer.show(drawing);
  feedback.show(drawing);
  explain(drawing);
  tellMemory(drawing);
  outline(drawing);
  cards.update(drawing);
  markTurned(drawing.label !== null);
}

function judge(said) {
  if (!recognition.answered) return; // it is being read again
  notice.hide();
  markTurned(said.label !== null);
  recognition.judge(said);
}

function showVerdict({ drawing }) {
  notice.hide();
  answer.judge(drawing);
  feedback.show(drawing);
  tellMemory(drawing);
  cards.put(drawing);
  markTurned(drawing.label !== null);
}

/** The next stroke begins another digit; "Go on with it" still continues this one. */
function markTurned(isTurned) {
  find("sheet").toggleAttribute("data-turned", isTurned);
  find("go-on").hidden = !isTurned;
}

function showProblem({ problem }) {
  if (!recognition.answered) showNothing();
  if (pad.sheet.picture && isAboutContent(problem)) offerAnotherFile(problem);
  else notice.tell(problem, () => recognition.retry());
}

function offerAnotherFile(problem) {
  notice.tell(problem, () => find("file").click(), words.picture.another);
}

function showNothing(sentence) {
  answer.clear(sentence);
  feedback.hide();
  tellUntold();
  explain(null);
  memory?.show(null);
}

function showTools() {
  const { picture } = pad.sheet;
  find("picture").hidden = find("mark").hidden = !picture;
  if (picture) find("picture").src = picture;
  find("hint").hidden = !pad.isEmpty;
  // `disabled` would take the focus away from the button that was just pressed.
  find("undo").setAttribute("aria-disabled", String(!pad.canUndo));
  find("redo").setAttribute("aria-disabled", String(!pad.canRedo));
  find("clear").setAttribute("aria-disabled", String(pad.isEmpty));
}

// Inside the model

function explain(drawing) {
  if (find("inside").parentElement.open) inside?.show(drawing);
}

async function openInside() {
  if (!find("inside").parentElement.open) return;
  const { Inside } = await import("./inside.js").catch(() => ({}));
  if (!Inside) {
    notice.tell(new Problem(), openInside);
    return;
  }
  if (!inside) {
    notice.hide();
    inside = new Inside(find("inside"), api);
    on(inside, "failure", ({ problem }) => notice.tell(problem, openInside));
  }
  explain(recognition.answered);
}

// What was taken for ink on a picture, and the box that the visitor draws where that was wrong

async function outline(drawing) {
  if (!pad.sheet.picture && !marking) return;
  if (!marking) await loadMarking();
  marking?.show(pad.sheet.picture ? drawing : null, (id) => api.image(id), pad.sheet.box);
}

async function loadMarking() {
  const { Marking } = await import("./marking.js").catch(() => ({}));
  if (!Marking || marking) return;
  marking = new Marking(find("sheet"), find("picture"), find("mark"), find("voice"));
  on(marking, "box", ({ box }) => {
    find("pad").focus({ preventScroll: true }); // keys answer
    pad.turn({ ...pad.sheet, box });
  });
  on(marking, "end", () => find("mark").focus({ preventScroll: true }));
}

async function startMarking() {
  if (marking) return; // it listens itself
  await loadMarking();
  if (marking) marking.start();
  else notice.tell(new Problem(), startMarking);
}

// What the visitor's own answers changed

/** Asks about this digit without the visitor's own answers, where the visitor wants that. */
const aside = () => (recognition.digit.isAside ? { personal: false } : {});

async function tellMemory(drawing) {
  if (!memory && !drawing.personal && !drawing.learned) return;
  if (!memory) {
    const { MemoryNote } = await import("./memory.js").catch(() => ({}));
    if (!MemoryNote) return; // the answer stands without the note
    memory ??= new MemoryNote(find("memory"));
    memory.addEventListener("without", readWithout);
    memory.addEventListener("forget", forget);
  }
  memory.show(recognition.answered);
}

function readWithout() {
  recognition.digit.isAside = true;
  find("pad").focus({ preventScroll: true }); // the button goes
  readSheet(pad);
}

async function forget() {
  try {
    await api.forget();
    notice.hide();
    if (recognition.answered?.label === null) readWithout();
    else memory.show(null);
  } catch (problem) {
    notice.tell(problem, forget);
  }
}

// Whether drawings may be published, where the site does that

async function startConsent() {
  const box = find("consent");
  if (!box) return;
  const { Consent } = await import("./consent.js").catch(() => ({}));
  if (Consent) new Consent(box, find("consented"), api); // else the box stays disabled
}

// Pad and answer alone, while the address ends in #present; Back leads to the page before, not through each turn

function present(isOn) {
  if (isOn !== (location.hash === "#present")) location.replace(isOn ? "#present" : "#");
}

// The drawing outlasts a reload, a link and the way back

function keepDrawing() {
  pad.end();
  const { strokes, picture, box } = pad.sheet;
  const sheet = { strokes, picture, box };
  if (pad.isEmpty) kept.clear();
  else kept.write({ digit: recognition.kept, sheet, pen: pad.penWidth });
}

function restoreDrawing() {
  const before = kept.read();
  kept.clear();
  kept.takeDropped();
  if (before) recognition.restore(before.digit);
  pad.load({ ...before?.sheet, digit: recognition.digit });
  choosePen(before?.pen ?? pad.penWidth);
}

function dropDrawing(id) {
  pad.forget(id);
  showTools();
  if (recognition.forget(id)) startAnew();
}

function startAnew() {
  recognition.startOver();
  pad.load({ digit: recognition.digit });
}

/** Safari brings a page back as it was left, although its drawing may have been deleted in between. */
function comeBack({ persisted }) {
  if (!persisted) return;
  const dropped = kept.takeDropped();
  if (dropped.includes("all")) startAnew();
  else dropped.forEach(dropDrawing);
  cards.clear();
  loadLatest();
}

async function loadLatest() {
  try {
    const { results } = await api.list(`?page_size=${LATEST}`);
    cards.append(results);
    await tellGain(results[0]);
  } catch {
    // The page works without the strip, and drawing shows what is wrong.
  }
}

/** What a new version learned, once, for a visitor who has met only older ones. */
async function tellGain(latest) {
  const met = Math.max(latest?.model ?? Infinity, tryStorage(() => localStorage.model) ?? 0);
  if (find("welcome").dataset.model <= met) return;
  const [{ sentenceAbout }, gain] = await Promise.all([import("./gain.js"), api.measureGain()]);
  if (gain.model <= met) return;
  untold = { model: gain.model, sentence: sentenceAbout(gain) };
  if (find("feedback").hidden) tellUntold();
}

/** Tells it where it is seen: the feedback stands in the same place. */
function tellUntold() {
  if (!untold) return;
  find("welcome").textContent = untold.sentence;
  tryStorage(() => localStorage.setItem("model", untold.model));
  untold = null;
}

on(pad, "begin", beginStroke);
on(pad, "change", readSheet);
on(intake, "file", readFile);
on(intake, "dragging", ({ isOver }) => find("sheet").toggleAttribute("data-dropping", isOver));
on(recognition, "waiting", () => answer.expect());
on(recognition, "answer", showAnswer);
on(recognition, "verdict", showVerdict);
on(recognition, "finished", ({ drawing }) => {
  if (!recognition.hasFailed) notice.hide();
  cards.put(drawing);
});
on(recognition, "failure", showProblem);
on(feedback, "judge", judge);
on(find("undo"), "click", () => pad.undo());
on(find("redo"), "click", () => pad.redo());
on(find("clear"), "click", clear);
on(find("pen"), "click", nextPen);
on(find("go-on"), "click", () => {
  markTurned(false);
  find("pad").focus();
});
on(find("mark"), "click", startMarking);
on(find("inside").parentElement, "toggle", openInside);
for (const link of document.querySelectorAll("a[href^='#']")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    present(link.hash === "#present");
  });
}
on(window, "hashchange", () => find("pad").focus({ preventScroll: true }));
on(window, "pagehide", keepDrawing);
addEventListener("pageshow", comeBack);
on(notice, "reload", () => location.reload());
find("pad").addEventListener("keydown", drawByKeys);
listenToKeys(find("main"), feedback, {
  undo: () => pad.undo(),
  redo: () => pad.redo(),
  next: clear,
  present: () => present(location.hash !== "#present"),
  leave: () => present(false),
  list: () => find("keys").togglePopover(),
});

restoreDrawing();
pad.takeOver(globalThis.early.splice(0));
globalThis.early = null;
loadLatest();
startConsent();
