// The HTTP API: requests out, drawings or Problems back.

import { Problem, problemFrom } from "./problems.js";

const TIMEOUT_SECONDS = 20;

export class Api {
  #url;
  #token;
  #creating = null; // the last drawing under way

  constructor(drawingsUrl, csrfToken) {
    this.#url = drawingsUrl;
    this.#token = csrfToken;
  }

  /** `drawing` is {id, source, strokes, pen_width} or {id, source, image}; the same id again replaces the drawing. */
  create(drawing) {
    this.#creating = this.#send("POST", this.#url, { ...drawing, license: this.license() });
    return this.#creating;
  }

  /** The license under which the visitor lets a drawing be published at this moment. */
  license = () => undefined;

  /** Takes back that the visitor's drawings may be published; promises {withdrawn}, their number. */
  async withdraw() {
    await this.#creating?.catch(() => {}); // one that still went out with the license
    return this.#send("DELETE", `${this.#url}license/`);
  }

  /**
   * `feedback` is {correct: true}, {label: 0 to 9 or "none"} or {label: null}, which withdraws it. The drawing comes
   * back with `learned`, what the visitor's own answers make of it now.
   */
  async giveFeedback(id, feedback) {
    const { personal, ...drawing } = await this.#send(
      "PUT",
      `${this.#url}${id}/feedback/`,
      feedback,
    );
    return { ...drawing, learned: personal };
  }

  /** Reads strokes that are being drawn, and stores nothing; promises {prediction, is_digit, ...}. */
  async readDraft(strokes, timeoutSeconds) {
    const url = `${this.#url}../predictions/?draft=true`;
    const { predictions } = await this.#send("POST", url, { strokes: [strokes] }, timeoutSeconds);
    return predictions[0];
  }

  /** Promises {model, learned, own, misread, mended}: what the version that answers learned from this visitor. */
  measureGain() {
    return this.#send("GET", `${this.#url}gain/`);
  }

  /** Forgets the visitor's answers for the visitor's own readings. */
  forget() {
    return this.#send("DELETE", `${this.#url}memory/`);
  }

  remove(id) {
    return this.#send("DELETE", `${this.#url}${id}/`);
  }

  /** Deletes all drawings of this browser; promises {deleted}, their number. */
  removeAll() {
    return this.#send("DELETE", this.#url);
  }

  /** Promises what happens inside the model, as static/js/inside.js paints it. */
  explain(id) {
    return this.#send("GET", `${this.#url}${id}/explanation/`);
  }

  /** Some drawings of this browser, newest first; `query` is the search part of a URL, such as "?correct=open". */
  list(query = "") {
    const search = new URLSearchParams(query);
    search.set("mine", "true"); // without it, staff members get the drawings of all visitors
    return this.#send("GET", `${this.#url}?${search}`);
  }

  /** The drawing as it is stored, as an ImageBitmap; under one id it can change. */
  async image(id) {
    const response = await this.#fetch(this.imageUrl(id), { cache: "no-cache" });
    return createImageBitmap(await response.blob());
  }

  imageUrl(id) {
    return `${this.#url}${id}/image/`;
  }

  strokesUrl(id) {
    return `${this.#url}${id}/strokes/`;
  }

  async #send(method, url, body, timeoutSeconds = TIMEOUT_SECONDS) {
    const response = await this.#fetch(url, {
      method,
      headers: {
        Accept: "application/json",
        ...(method !== "GET" && { "X-CSRFToken": this.#token }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    if (!response.ok) throw await problemFrom(response);
    if (response.status === 204) return null;
    return response.json().catch(() => {
      throw new Problem({ status: response.status });
    });
  }

  async #fetch(url, options) {
    try {
      return await fetch(url, options);
    } catch (error) {
      throw new Problem({ isTimeout: error.name === "TimeoutError" });
    }
  }
}
