// What can go wrong between the page and the server, and the sentence that the page shows for it.

import { words } from "./words.js";

/** A request that failed; `status` is 0 if the server did not answer. */
export class Problem extends Error {
  name = "Problem";
  status = 0;
  detail = "";
  type = "about:blank";
  field = "";
  retryAfterSeconds = null;
  isTimeout = false;

  constructor(fields = {}) {
    super(fields.detail || `status ${fields.status ?? 0}`);
    Object.assign(this, fields);
  }
}

/** The seconds of a Retry-After header, which is a number or a date; null if it is missing or invalid. */
export function parseRetryAfter(header, now = Date.now()) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isFinite(seconds) ? Math.max(seconds, 0) : null;
}

/** The problem of an answer that is not a success; its body is problem+json, or anything that a proxy sends. */
export async function problemFrom(response) {
  const body = await response.json().catch(() => ({}));
  return new Problem({
    status: response.status,
    detail: typeof body?.detail === "string" ? body.detail : "",
    type: typeof body?.type === "string" ? body.type : "about:blank",
    field: typeof body?.field === "string" ? body.field : "",
    retryAfterSeconds: parseRetryAfter(response.headers.get("Retry-After")),
  });
}

/** Whether the server refuses the page's token, or its license, so that only a fresh page helps. */
export const needsReload = ({ status, field }) => status === 403 || field === "license";

/** Whether the same request may succeed later. */
export const isPassing = ({ status }) => status === 0 || status === 429 || status >= 500;

/** Whether the server cannot read what was sent, so that sending it again does not help. */
export const isAboutContent = (problem) => problem.status === 400 || problem.status === 413;

export function sentenceFor(problem, isOnline = true) {
  if (!(problem instanceof Problem)) return words.problems.unexpected;
  const { status, type, isTimeout } = problem;
  const [slug] = type.split("/").slice(-2); // a type ends in a slash: problems/blank-drawing/
  if (Object.hasOwn(words.problems.types, slug)) return words.problems.types[slug];
  if (isTimeout) return words.problems.timeout;
  if (status === 0) return isOnline ? words.problems.unreachable : words.problems.offline;
  if (needsReload(problem)) return words.problems.refused;
  if (status === 404) return words.problems.gone;
  if (status === 413) return words.problems.tooLarge;
  if (status === 429) return words.problems.tooMany;
  if (status >= 500) return words.problems.server;
  return words.problems.unexpected;
}
