// What the drawing page and the history page share: the API, the notice, and the cards with their dialog.

import { Api } from "./api.js";
import { Cards } from "./cards.js";
import { Notice } from "./notice.js";
import { Problem } from "./problems.js";
import { words } from "./words.js";

/** Session storage: the drawing on the pad, while its page is left. */
export const KEPT = "digit";

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
      if (sessionStorage.getItem(KEPT)?.includes(drawing.id)) sessionStorage.removeItem(KEPT);
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
