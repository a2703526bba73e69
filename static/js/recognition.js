// The requests about the digit on the pad, so that one digit leaves one row and no outdated answer is shown.
//
// The page chooses the id of a digit and sends each state of it under this id; the server updates the row until the
// visitor judges it. So a request whose answer is lost can be repeated, and an outdated state leaves no row behind.
// All requests go through one queue, one at a time, so that an older state never arrives after a newer one. While a
// request is under way, only the newest state of a digit waits. docs/decisions/one-row-per-digit.md has the reasons.
//
// Events: "waiting"; "answer" and "verdict" with detail {drawing}; "finished" {drawing}, the last reading of a digit
// that is no longer on the pad; "failure" {problem}.

import { isPassing } from "./problems.js";

const ID_TAKEN = 409; // status: the row was judged without this page knowing it

/** A random UUID of version 4; crypto.randomUUID works only on secure origins. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const newDigit = () => ({
  id: randomId(), // of its row
  version: 0, // counts the states of the drawing
  answered: -1, // the version that the answer on the page belongs to
  drawing: null, // the row as the server last sent it
  body: null, // what the row was read from, as JSON; null while a request is under way
  isJudged: false, // a judged row keeps its drawing; later strokes need a new row
  isAside: false, // read without the visitor's own answers
});

export class Recognition extends EventTarget {
  #api;
  #digit = newDigit();
  #jobs = [];
  #running = null;
  #failed = null; // the reading that failed
  #verdicts = []; // those that failed: they are sent again with what comes next

  constructor(api) {
    super();
    this.#api = api;
  }

  /** The drawing that the answer on the page belongs to, or null. */
  get answered() {
    return this.#digit.answered === this.#digit.version ? this.#digit.drawing : null;
  }

  /** Whether a request waits to be sent again. */
  get hasFailed() {
    return this.#failed !== null || this.#verdicts.length > 0;
  }

  /** The digit on the pad, for resume(). */
  get digit() {
    return this.#digit;
  }

  /** What a reloaded page needs to continue, for restore(). */
  get kept() {
    const { id, drawing, body, isJudged, isAside } = this.#digit;
    return { id, drawing, body, isJudged, isAside };
  }

  /** Continues with a digit of this page that lay under another sheet. */
  resume(digit) {
    this.interrupt();
    this.#digit = digit;
  }

  /** Continues with the digit that was on the pad before the page was left. */
  restore(kept) {
    this.#digit = { ...newDigit(), ...kept };
  }

  /** A stroke begins: answers under way belong to an older state of the drawing. */
  interrupt() {
    const digit = this.#digit;
    digit.version += 1;
    this.#letGo();
    this.#jobs = this.#jobs.filter((job) => job.digit !== digit || job.run !== this.#read);
  }

  /** Sends a new state of the drawing; `body` is what the API takes. */
  read(body) {
    this.interrupt();
    const digit = this.#digit;
    if (digit.drawing && digit.body === JSON.stringify(body)) {
      digit.answered = digit.version;
      this.#emit("answer", { drawing: digit.drawing });
      return;
    }
    this.#emit("waiting");
    this.#enqueue({ run: this.#read, digit, version: digit.version, body });
  }

  /** Sends what the visitor says about the answer: {correct: true}, {label: 0 to 9} or {label: null}. */
  judge(feedback) {
    const drawing = this.answered;
    if (!drawing) return;
    this.#digit.isJudged = true;
    this.#failed = null;
    this.#verdicts = this.#verdicts.filter(({ digit }) => digit !== this.#digit);
    this.#enqueue({
      run: this.#judge,
      digit: this.#digit,
      version: this.#digit.version,
      id: drawing.id,
      feedback,
    });
  }

  /** The next stroke belongs to another digit. Waiting states are still sent, so that the old row is complete. */
  startOver() {
    const digit = this.#digit;
    this.#digit = newDigit();
    this.#letGo();
    const isOpen = [this.#running, ...this.#jobs].some((job) => job?.digit === digit);
    if (digit.drawing && !isOpen) this.#emit("finished", { drawing: digit.drawing });
  }

  /** Sends the failed requests again. */
  retry() {
    const reading = this.#failed;
    this.#letGo();
    if (!reading) return;
    this.#emit("waiting");
    this.#enqueue(reading);
  }

  /** A verdict that failed is sent again with what comes next; a reading is outdated by it. */
  #letGo() {
    for (const job of this.#verdicts.splice(0)) this.#enqueue(job);
    this.#failed = null;
  }

  /** Takes over a verdict that was given elsewhere on the page. */
  adopt(drawing) {
    if (drawing.id !== this.#digit.drawing?.id) return;
    this.#digit.drawing = drawing;
    this.#digit.isJudged = drawing.label !== null;
    if (this.answered) this.#emit("verdict", { drawing });
  }

  /** Forgets a drawing that was deleted elsewhere on the page; true if it is the one on the pad. */
  forget(id) {
    if (id !== this.#digit.drawing?.id) return false;
    this.#digit.drawing = null;
    return true;
  }

  #emit(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async #enqueue(job) {
    this.#jobs.push(job);
    if (this.#running) return;
    while (this.#jobs.length > 0) {
      this.#running = this.#jobs.shift();
      try {
        await this.#running.run(this.#running);
      } catch (problem) {
        this.#fail(this.#running, problem);
      }
    }
    this.#running = null;
  }

  #isCurrent = ({ digit, version }) => digit === this.#digit && version === digit.version;

  #read = async (job) => {
    const { digit, version, body } = job;
    if (digit.isJudged) this.#renew(digit);
    digit.body = null;
    const drawing = await this.#create(digit, body);
    digit.body = JSON.stringify(body);
    digit.drawing = drawing;
    digit.isJudged = drawing.label !== null;
    if (this.#isCurrent(job)) {
      digit.answered = version;
      this.#emit("answer", { drawing });
    } else if (digit !== this.#digit) {
      this.#emit("finished", { drawing });
    }
  };

  async #create(digit, body) {
    try {
      return await this.#api.create({ ...body, id: digit.id });
    } catch (problem) {
      if (problem.status !== ID_TAKEN) throw problem;
      this.#renew(digit);
      return this.#api.create({ ...body, id: digit.id });
    }
  }

  #renew(digit) {
    digit.id = randomId();
    digit.isJudged = false;
  }

  #judge = async (job) => {
    const { digit, id, feedback } = job;
    digit.isJudged = true;
    const { personal, found, set_aside } = digit.drawing ?? {}; // the answer stays the one that was judged
    const drawing = { ...(await this.#api.giveFeedback(id, feedback)), personal, found, set_aside };
    digit.drawing = drawing;
    digit.isJudged = drawing.label !== null;
    this.#emit(this.#isCurrent(job) ? "verdict" : "finished", { drawing });
  };

  #fail(job, problem) {
    const { digit } = job;
    if (job.run === this.#judge)
      digit.isJudged = digit.drawing !== null && digit.drawing.label !== null;
    if (this.#isCurrent(job) || (job.run === this.#judge && isPassing(problem))) {
      if (job.run === this.#judge) this.#verdicts.push(job);
      else this.#failed = job;
      this.#emit("failure", { problem });
    } else if (digit !== this.#digit && digit.drawing) {
      this.#emit("finished", { drawing: digit.drawing });
    }
  }
}
