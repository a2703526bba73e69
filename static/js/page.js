// What the drawing page and the history page share: the API, the notice, and the cards with their dialog.

import { Api } from "./api.js";
import { Cards } from "./cards.js";
import { Editor } from "./editor.js";
import { Notice } from "./notice.js";
import { words } from "./words.js";

/** Session storage: the drawing on the pad, while its page is left. */
export const KEPT = "digit";

export const find = (id) => document.getElementById(id);

export const on = (target, name, listener) =>
  target.addEventListener(name, ({ detail }) => listener(detail ?? {}));

export const api = new Api(document.body.dataset.drawingsUrl, document.body.dataset.csrfToken);

export const notice = new Notice(find("notice"));

/** Wires the cards, of which at most `limit` stay, to the dialog that opens when the visitor chooses one. */
export function startCards(limit = Infinity) {
  const cards = new Cards(find("drawings"), find("card"), limit);
  const editor = new Editor(find("editor"), api);
  on(cards, "open", ({ drawing }) => editor.open(drawing));
  on(editor, "request", () => notice.hide());
  on(editor, "judged", ({ drawing }) => cards.put(drawing));
  on(editor, "deleted", ({ drawing }) => {
    cards.remove(drawing.id);
    if (sessionStorage.getItem(KEPT)?.includes(drawing.id)) sessionStorage.removeItem(KEPT);
    find("voice").textContent = words.drawing.deleted;
  });
  on(editor, "failure", ({ problem, again }) => notice.tell(problem, again));
  // The browser focuses the card that was pressed, which an answer may have replaced.
  on(editor, "close", ({ drawing }) => cards.focus(drawing.id));
  return { cards, editor };
}
