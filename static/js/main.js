// Wires the modules of the page that is shown; they know nothing of each other.

import { Answer } from "./answer.js";
import { Api } from "./api.js";
import { Cursor } from "./cursor.js";
import { Editor } from "./editor.js";
import { Feedback } from "./feedback.js";
import { toLists } from "./geometry.js";
import { History, Pages } from "./history.js";
import { Intake, Picture } from "./intake.js";
import { Notice } from "./notice.js";
import { Pad } from "./pad.js";
import { isAboutContent, needsReload, sentenceFor } from "./problems.js";
import { Recognition } from "./recognition.js";
import { listenToKeys } from "./shortcuts.js";
import { words } from "./words.js";

const LATEST = 12; // drawings in the strip
const KEPT = "digit"; // session storage: the drawing, over a reload that the page itself asked for

const find = (id) => document.getElementById(id);
const on = (target, name, listener) =>
  target.addEventListener(name, ({ detail }) => listener(detail ?? {}));

const api = new Api(document.body.dataset.drawingsUrl, document.body.dataset.csrfToken);
const notice = new Notice(find("notice"));
let retry = null;
let keep = () => {}; // what should outlast a reload of the page

function tell(problem, again, way = words.problems.retry) {
  const isStale = needsReload(problem);
  retry = isStale ? reload : again;
  notice.show(sentenceFor(problem, navigator.onLine), isStale ? words.problems.reload : way);
}

// A refused token needs a new page.
function reload() {
  keep();
  location.reload();
}

// So does another language.
on(find("languages"), "submit", () => keep());

on(notice, "retry", () => {
  notice.hide();
  retry?.();
});

// What both pages have: cards, the dialog over one of them, and what follows from it.
function startHistory({ limit, onVerdict, onDelete }) {
  const history = new History(find("drawings"), find("card"), limit);
  const editor = new Editor(find("editor"));
  let chosen = null;
  const change = (request) => async (detail) => {
    try {
      notice.hide();
      await request(detail);
    } catch (problem) {
      editor.close(); // the notice is behind it
      tell(problem, () => change(request)(detail));
    }
  };
  on(history, "open", ({ drawing }) => {
    chosen = drawing.id;
    editor.open(drawing, { image: api.imageUrl(drawing.id), strokes: api.strokesUrl(drawing.id) });
  });
  // The card may have been made anew since.
  find("editor").addEventListener("close", () => history.focus(chosen));
  on(
    editor,
    "judge",
    change(async ({ drawing, feedback }) => {
      const judged = await api.giveFeedback(drawing.id, feedback);
      history.put(judged);
      if (editor.isOpen) editor.show(judged);
      onVerdict(judged);
    }),
  );
  on(
    editor,
    "delete",
    change(async ({ drawing }) => {
      await api.remove(drawing.id);
      editor.close();
      history.remove(drawing.id);
      find("voice").textContent = words.drawing.deleted;
      onDelete(drawing.id);
    }),
  );
  return history;
}

function startDrawingPage() {
  const canvas = find("pad");
  const pad = new Pad(canvas);
  const recognition = new Recognition(api);
  const answer = new Answer(find("answer"), find("bars"), find("seen"), find("version"));
  const feedback = new Feedback(find("feedback"));
  const picture = new Picture(find("picture"));
  const intake = new Intake(find("file"), document);
  const explain = startExplanation(recognition);
  const history = startHistory({
    limit: LATEST,
    onVerdict: (drawing) => recognition.adopt(drawing),
    onDelete: (id) => recognition.forget(id) && clear(),
  });

  const describe = (strokes) => ({
    strokes: toLists(strokes),
    pen_width: pad.penWidth,
    source: "canvas",
  });

  function clear() {
    recognition.startOver();
    picture.clear();
    pad.clear();
  }

  function showNothing(sentence) {
    answer.clear(sentence);
    feedback.hide();
    explain(null);
  }

  function readPicture(url) {
    picture.show(url);
    showTools();
    recognition.read({ image: url, source: "upload" });
  }

  async function take(file) {
    notice.hide();
    try {
      const { shrink } = await import("./shrink.js");
      const url = await shrink(file);
      clear();
      readPicture(url);
    } catch (problem) {
      tell(problem, chooseFile, words.picture.another);
    }
  }

  const chooseFile = () => find("file").click();

  function showTools() {
    const isEmpty = pad.isEmpty && picture.isEmpty;
    find("hint").hidden = !isEmpty;
    // Not `disabled`: that would throw the focus off the button that was just pressed.
    find("undo").setAttribute("aria-disabled", String(!pad.canUndo));
    find("redo").setAttribute("aria-disabled", String(!pad.canRedo));
    find("clear").setAttribute("aria-disabled", String(isEmpty));
  }

  on(pad, "begin", () => {
    // What is drawn over a picture is another digit.
    if (!picture.isEmpty) {
      recognition.startOver();
      picture.clear();
    }
    recognition.interrupt();
    notice.hide();
    answer.wait();
    showTools();
  });
  on(pad, "change", ({ strokes }) => {
    notice.hide();
    showTools();
    if (strokes.length > 0) {
      recognition.read(describe(strokes));
      return;
    }
    recognition.interrupt();
    showNothing(words.reading.next);
  });

  on(recognition, "waiting", () => answer.wait());
  on(recognition, "answer", ({ drawing }) => {
    find("reading").removeAttribute("data-fresh");
    answer.show(drawing);
    feedback.show(drawing);
    explain(drawing);
    history.update(drawing);
  });
  on(recognition, "verdict", ({ drawing }) => {
    answer.judge(drawing);
    feedback.show(drawing);
    history.put(drawing);
  });
  on(recognition, "finished", ({ drawing }) => history.put(drawing));
  on(recognition, "failure", ({ problem }) => {
    if (!recognition.answered) showNothing();
    if (!picture.isEmpty && isAboutContent(problem)) {
      tell(problem, chooseFile, words.picture.another);
    } else {
      tell(problem, () => recognition.retry());
    }
  });
  on(intake, "file", ({ file }) => take(file));
  on(intake, "dragging", ({ isOver }) => find("sheet").toggleAttribute("data-dropping", isOver));
  on(feedback, "judge", (detail) => {
    notice.hide();
    recognition.judge(detail);
  });

  on(find("undo"), "click", () => pad.undo());
  on(find("redo"), "click", () => pad.redo());
  on(find("clear"), "click", clear);
  find("pens").addEventListener("change", (event) => {
    pad.penWidth = Number(event.target.value);
  });
  pad.penWidth = Number(find("pens").querySelector(":checked").value); // a browser may remember another one

  new Cursor(canvas, pad, find("cursor"), find("voice"));
  listenToKeys(find("main"), pad, feedback);
  on(history, "change", () => {
    find("latest").hidden = history.size === 0;
  });

  keep = () => {
    const kept = { id: recognition.id, strokes: pad.strokes, picture: picture.url };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  };
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  if (kept) recognition.resume(kept.id);
  pad.load(kept?.strokes ?? []);
  if (kept?.picture) readPicture(kept.picture);
  return () => loadLatest(history);
}

// Where the model looked; its script comes with the first wish to see it. The function that it gives takes each new answer.
function startExplanation(recognition) {
  const button = find("looked-button");
  let explanation = null;
  on(button, "click", async () => {
    if (!explanation) {
      const { Explanation } = await import("./explanation.js");
      explanation = new Explanation(
        (id) => api.explain(id),
        button,
        find("looked"),
        find("looked-sentence"),
      );
      on(explanation, "failure", ({ problem }) => tell(problem, () => explanation.toggle()));
      explanation.show(recognition.answered);
    }
    explanation.toggle();
  });
  return (drawing) => {
    button.hidden = drawing === null;
    explanation?.show(drawing);
  };
}

async function loadLatest(history) {
  try {
    history.append((await api.list(`?page_size=${LATEST}`)).results);
  } catch {
    // The strip is an extra: whatever is wrong will show when something is drawn.
  }
}

function startHistoryPage() {
  const history = startHistory({ limit: Infinity, onVerdict() {}, onDelete() {} });
  const pages = new Pages((query) => api.list(query), location.search);
  const more = find("more");
  const load = () => pages.more();
  const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && load(), {
    rootMargin: "400px",
  });
  on(pages, "page", ({ results }) => {
    more.hidden = pages.isAtEnd;
    history.append(results);
    // Observed anew, it reports again: one page may not fill a large screen.
    observer.unobserve(more);
    observer.observe(more);
  });
  on(pages, "failure", ({ problem }) => {
    more.hidden = false;
    tell(problem, load);
  });
  on(history, "change", () => {
    find("none").hidden = history.size > 0 || !pages.isAtEnd;
  });
  on(more, "click", load);
  startDeletingAll(history);
  return load;
}

function startDeletingAll(history) {
  const dialog = find("delete-all");
  const removeAll = async () => {
    dialog.close();
    notice.hide();
    try {
      const { deleted } = await api.removeAll();
      history.clear();
      find("voice").textContent = words.history.deleted(deleted);
    } catch (problem) {
      tell(problem, removeAll);
    }
  };
  on(find("delete-all-ask"), "click", () => dialog.showModal());
  on(find("delete-all-sure"), "click", removeAll);
}

const start = find("pad") ? startDrawingPage() : startHistoryPage();
start();
