// The conversation with the server about the digit on the pad, so that one digit leaves one row and no stale answer shows.
//
// The page chooses the id of a digit before anything is sent, and every state of the digit goes out under it: the server
// reads its row anew until somebody answers for it. So a request can be repeated when its answer was lost, and one whose
// answer nobody waits for any more leaves nothing behind. All requests go through one queue, one at a time, so that an
// older state never arrives after a newer one; while one is under way, only the newest state of a digit waits: a stroke
// that came in between is never sent. docs/decisions/one-row-per-digit.md has the reasons.
//
// Events: "waiting"; "answer" and "verdict" with detail {drawing}; "finished" {drawing}, the last reading of a digit
// that is no longer on the pad; "failure" {problem}.

const ID_TAKEN = 409; // status: somebody answered for the row, in a way that this page does not know of

/** A random UUID of version 4; crypto.randomUUID is only there on secure origins. */
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
  answered: -1, // the version that the shown answer belongs to
  drawing: null, // the row as the server last told it
  isJudged: false, // the row is the person's word; what is drawn from then on needs another one
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

  /** What a reload of the page has to know to go on with the same row. */
  get id() {
    return this.#digit.id;
  }

  /** The digit on the pad has a row already. */
  resume(id) {
    this.#digit.id = id;
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
    this.#digit.isJudged = true;
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
    this.#digit.isJudged = drawing.label !== null;
    if (this.answered) this.#emit("verdict", { drawing });
  }

  /** Elsewhere on the page the drawing was deleted; true if it is the one on the pad. */
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
    const drawing = await this.#create(digit, body);
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
    const drawing = await this.#api.giveFeedback(id, feedback);
    digit.drawing = drawing;
    digit.isJudged = drawing.label !== null;
    this.#emit(this.#isCurrent(job) ? "verdict" : "finished", { drawing });
  };

  #fail(job, problem) {
    const { digit } = job;
    if (job.run === this.#judge)
      digit.isJudged = digit.drawing !== null && digit.drawing.label !== null;
    if (this.#isCurrent(job)) {
      this.#failed = job;
      this.#emit("failure", { problem });
    } else if (digit !== this.#digit && digit.drawing) {
      this.#emit("finished", { drawing: digit.drawing });
    }
  }
}
