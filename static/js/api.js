// The HTTP API: requests out, drawings or Problems back.

import { Problem, problemFrom } from "./problems.js";

const TIMEOUT_SECONDS = 20;

export class Api {
  #url;
  #token;

  constructor(drawingsUrl, csrfToken) {
    this.#url = drawingsUrl;
    this.#token = csrfToken;
  }

  /** `drawing`: {id, source, strokes, pen_width} or {id, source, image}; the same id again is the same drawing. */
  create(drawing) {
    return this.#send("POST", this.#url, drawing);
  }

  /** `feedback`: {correct: true}, {label: 0 to 9} or {label: null} */
  giveFeedback(id, feedback) {
    return this.#send("PUT", `${this.#url}${id}/feedback/`, feedback);
  }

  remove(id) {
    return this.#send("DELETE", `${this.#url}${id}/`);
  }

  /** All that this browser drew; {deleted}. */
  removeAll() {
    return this.#send("DELETE", this.#url);
  }

  /** {prediction, confidence, model, map}: 28 rows of 28 shares. */
  explain(id) {
    return this.#send("GET", `${this.#url}${id}/explanation/`);
  }

  /** One page of this browser's drawings, newest first; `query` is a URL's search part, such as "?correct=open". */
  list(query = "") {
    const search = new URLSearchParams(query);
    search.set("mine", "true"); // the staff would see everybody's
    return this.#send("GET", `${this.#url}?${search}`);
  }

  imageUrl(id) {
    return `${this.#url}${id}/image/`;
  }

  strokesUrl(id) {
    return `${this.#url}${id}/strokes/`;
  }

  async #send(method, url, body) {
    const response = await this.#fetch(url, {
      method,
      headers: {
        Accept: "application/json",
        ...(method !== "GET" && { "X-CSRFToken": this.#token }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
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
