// The conversation with the server about the digit on the pad, so that one digit leaves one row and no stale answer shows.
//
// All requests go through one queue, one at a time. While one is under way, only the newest state of a digit waits:
// a stroke that came in between is never sent. Each reading replaces the row of the reading before it (`replaces`), and
// since the answer to a request is always awaited, its row is known even when nobody wants its answer any more. (An
// aborted request may have stored a row that nobody knows; that is why a newer stroke drops an answer, not a request.)
//
// Events: "waiting"; "answer" and "verdict" with detail {drawing}; "replaced" {id}; "finished" {drawing}, the last
// reading of a digit that is no longer on the pad; "failure" {problem}.

const newDigit = () => ({
  version: 0, // counts the states of the drawing
  answered: -1, // the version that the shown answer belongs to
  drawing: null, // the row as the server last told it
  replaceable: null, // its id, as long as nobody has judged it
});

export class Recognition extends EventTarget {
  #api;
  #digit = newDigit();
  #jobs = [];
  #running = null;
  #failed = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** The drawing that the shown answer belongs to, or null while there is none. */
  get answered() {
    return this.#digit.answered === this.#digit.version ? this.#digit.drawing : null;
  }

  /** A stroke begins: whatever is on its way is about an older drawing. */
  interrupt() {
    const digit = this.#digit;
    digit.version += 1;
    this.#failed = null;
    this.#jobs = this.#jobs.filter((job) => job.digit !== digit || job.run !== this.#read);
  }

  /** The drawing has a new state; `body` is what the API wants to know of it. */
  read(body) {
    this.interrupt();
    this.#emit("waiting");
    this.#enqueue({ run: this.#read, digit: this.#digit, version: this.#digit.version, body });
  }

  /** What the person says about the shown answer: {correct: true}, {label: 0 to 9} or {label: null}. */
  judge(feedback) {
    const drawing = this.answered;
    if (!drawing) return;
    // From here on the row is the person's word; further strokes must not replace it.
    this.#digit.replaceable = null;
    this.#failed = null;
    this.#enqueue({
      run: this.#judge,
      digit: this.#digit,
      version: this.#digit.version,
      id: drawing.id,
      feedback,
    });
  }

  /** The next stroke belongs to another digit. What is still waiting is sent, so that the row is the whole digit. */
  startOver() {
    const digit = this.#digit;
    this.#digit = newDigit();
    this.#failed = null;
    const isOpen = [this.#running, ...this.#jobs].some((job) => job?.digit === digit);
    if (digit.drawing && !isOpen) this.#emit("finished", { drawing: digit.drawing });
  }

  /** The request that failed, once more. */
  retry() {
    const job = this.#failed;
    this.#failed = null;
    if (!job) return;
    if (job.run === this.#read) this.#emit("waiting");
    this.#enqueue(job);
  }

  /** Elsewhere on the page the drawing was judged. */
  adopt(drawing) {
    if (drawing.id !== this.#digit.drawing?.id) return;
    this.#digit.drawing = drawing;
    this.#digit.replaceable = drawing.label === null ? drawing.id : null;
    if (this.answered) this.#emit("verdict", { drawing });
  }

  /** Elsewhere on the page the drawing was deleted; true if it is the one on the pad. */
  forget(id) {
    if (id !== this.#digit.drawing?.id) return false;
    this.#digit.drawing = null;
    this.#digit.replaceable = null;
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
    const replaces = digit.replaceable;
    const drawing = await this.#api.create(replaces ? { ...body, replaces } : body);
    digit.drawing = drawing;
    digit.replaceable = drawing.id;
    if (replaces) this.#emit("replaced", { id: replaces });
    if (this.#isCurrent(job)) {
      digit.answered = version;
      this.#emit("answer", { drawing });
    } else if (digit !== this.#digit) {
      this.#emit("finished", { drawing });
    }
  };

  #judge = async (job) => {
    const { digit, id, feedback } = job;
    digit.replaceable = null;
    const drawing = await this.#api.giveFeedback(id, feedback);
    digit.drawing = drawing;
    if (drawing.label === null) digit.replaceable = drawing.id;
    this.#emit(this.#isCurrent(job) ? "verdict" : "finished", { drawing });
  };

  #fail(job, problem) {
    const { digit } = job;
    if (job.run === this.#judge && digit.drawing?.label === null)
      digit.replaceable = digit.drawing.id;
    if (this.#isCurrent(job)) {
      this.#failed = job;
      this.#emit("failure", { problem });
    } else if (digit !== this.#digit && digit.drawing) {
      this.#emit("finished", { drawing: digit.drawing });
    }
  }
}
