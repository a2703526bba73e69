// What the drawing page and the history page share: the API, the notice, and the cards with their dialog.

import { Api } from "./api.js";
import { Cards } from "./cards.js";
import { Notice } from "./notice.js";
import { Problem } from "./problems.js";
import { words } from "./words.js";

const KEPT = "digit"; // in the session's storage
const DROPPED = "dropped";

/** A browser that is told to store nothing throws instead. */
export function tryStorage(use) {
  try {
    return use();
  } catch {
    return null;
  }
}

/** The drawing on the pad, while its page is left. */
export const kept = {
  read: () => tryStorage(() => JSON.parse(sessionStorage.getItem(KEPT))),
  write: (drawing) => tryStorage(() => sessionStorage.setItem(KEPT, JSON.stringify(drawing))),
  clear: () => tryStorage(() => sessionStorage.removeItem(KEPT)),
  /** Notes that a drawing was deleted, or all of them. */
  drop(id = "all") {
    if (id === "all" || kept.read()?.digit.id === id) kept.clear();
    tryStorage(() => (sessionStorage[DROPPED] = `${sessionStorage[DROPPED] ?? ""} ${id}`));
  },
  /** Returns what was deleted since the last time. */
  takeDropped() {
    const ids = tryStorage(() => sessionStorage[DROPPED]?.trim().split(" ")) ?? [];
    tryStorage(() => sessionStorage.removeItem(DROPPED));
    return ids;
  },
};

export const find = (id) => document.getElementById(id);

export const on = (target, name, listener) =>
  target.addEventListener(name, ({ detail }) => listener(detail ?? {}));

export const api = new Api(document.body.dataset.drawingsUrl, document.body.dataset.csrfToken);

export const notice = new Notice(find("notice"));

/** Wires the cards, of which at most `limit` stay, to the dialog over one, which tells `heard` what came of it. */
export function startCards(limit = Infinity, heard = {}) {
  const cards = new Cards(find("drawings"), find("card"), limit);
  let editor = null; // loaded when the visitor first opens a card
  const open = async ({ drawing }) => {
    try {
      const { Editor } = await import("./editor.js");
      editor ??= listen(new Editor(find("editor"), api));
      notice.hide();
      editor.open(drawing);
    } catch {
      notice.tell(new Problem(), () => open({ drawing }));
    }
  };
  on(cards, "open", open);

  function listen(created) {
    on(created, "request", () => notice.hide());
    on(created, "judged", ({ drawing }) => {
      cards.put(drawing);
      heard.judged?.(drawing);
    });
    on(created, "deleted", ({ drawing }) => {
      cards.remove(drawing.id);
      kept.drop(drawing.id);
      find("voice").textContent = words.drawing.deleted;
      heard.deleted?.(drawing);
    });
    on(created, "failure", ({ problem, again }) => notice.tell(problem, again));
    // The browser focuses the card that was pressed, which an answer may have replaced.
    on(created, "close", ({ drawing }) => cards.focus(drawing.id));
    return created;
  }

  return cards;
}

// A button that goes while it has the focus leaves it to what is nearest, so that keys still work.
let focused = null; // a browser may take the focus away at once
document.addEventListener("focusin", ({ target }) => {
  focused = target;
});
new MutationObserver(() => {
  if (![focused, document.body].includes(document.activeElement)) return;
  if (!focused?.matches("button") || focused.getClientRects().length > 0) return;
  const group = focused.closest(".feedback:not([hidden]), dialog[open]");
  const next = group?.querySelector("button:not([hidden])") ?? find("pad") ?? find("main");
  if (next === find("main")) next.tabIndex = -1; // the history has no pad
  next.focus({ preventScroll: true });
}).observe(document.body, { subtree: true, attributeFilter: ["hidden", "data-open"] });
