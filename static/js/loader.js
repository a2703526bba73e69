// Loads a long list part by part.
//
// Events: "loaded" with detail {results}; "failure" with detail {problem}.

export class Loader extends EventTarget {
  #list;
  #query;
  #isLoading = false;

  /** `list` takes the search part of a URL and promises {results, next}; `query` asks for the first part. */
  constructor(list, query) {
    super();
    this.#list = list;
    this.#query = query;
  }

  get isAtEnd() {
    return this.#query === null;
  }

  /** Loads the next part, unless a part is on its way or there are no more. */
  async load() {
    if (this.#isLoading || this.isAtEnd) return;
    this.#isLoading = true;
    try {
      const { results, next } = await this.#list(this.#query);
      // Behind a proxy the server and the browser know different addresses; the search part is the same.
      this.#query = next ? new URL(next, "http://any").search : null;
      this.dispatchEvent(new CustomEvent("loaded", { detail: { results } }));
    } catch (problem) {
      this.dispatchEvent(new CustomEvent("failure", { detail: { problem } }));
    } finally {
      this.#isLoading = false;
    }
  }
}
