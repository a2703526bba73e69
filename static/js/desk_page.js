// The reviewers' desk: keys and buttons decide, the next card is there at once, and the server is told behind it.

import { Deck, Turns, nameKey, signOf } from "./desk.js";

const FEW = 7; // cards left when more are fetched
const LEASE_SECONDS = 110; // a little less than the server's
const TIMEOUT_SECONDS = 20;
const RETRY_SECONDS = 3;

const find = (id) => document.getElementById(id);
const [main, form, stage, notice] = ["main", "desk-form", "cards", "notice"].map(find);
const token = form.elements.csrfmiddlewaretoken.value;
const queue = form.elements.queue.value;
const cards = new Map([...stage.children].map((card) => [card.dataset.id, card]));
const deck = new Deck([...cards.keys()]);
const plays = deck.top !== null;
const turns = new Turns();
let fetching = null;
let heard = performance.now(); // when the server last renewed the leases
let inside = null;

const isStale = () => performance.now() - heard > LEASE_SECONDS * 1000;

function show(said = deck.reason) {
  const kept = new Set(deck.ids);
  for (const [id, card] of cards) {
    card.hidden = id !== deck.top;
    if (kept.has(id)) continue;
    card.remove();
    cards.delete(id);
  }
  tell(said);
  showStrip();
  // A button that went with its card leaves the focus to the page, where the keys work.
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
  if (deck.ahead < FEW) fill();
  if (plays && deck.top === null) finish();
}

function tell(text) {
  if (notice.textContent === text) return;
  notice.textContent = text;
  notice.toggleAttribute("data-open", text !== "");
}

function showStrip() {
  const items = deck.around().map(({ id, state, isTop }) => {
    const card = cards.get(id);
    const item = document.createElement("li");
    const image = card.querySelector("[data-part=seen]").cloneNode();
    image.removeAttribute("data-part");
    Object.assign(image, { width: 56, height: 56, alt: "" });
    const [frame, text] = [document.createElement("span"), document.createElement("span")];
    frame.className = "seen";
    frame.append(image);
    text.textContent = state === null ? card.dataset.pair : signOf(state);
    item.append(frame, text);
    if (state !== null) item.dataset.state = state;
    if (isTop) item.ariaCurrent = "true";
    return item;
  });
  find("strip").replaceChildren(...items);
}

function showProgress({ text, done, all }) {
  find("progress-text").textContent = text;
  Object.assign(find("progress"), { max: Math.max(all, 1), value: done });
}

/** Fetches cards until there are enough, once at a time. */
function fill() {
  fetching ??= fetchCards().finally(() => {
    fetching = null;
  });
  return fetching;
}

const readCards = (html) => [...new DOMParser().parseFromString(html, "text/html").body.children];

async function fetchCards() {
  const query = new URLSearchParams({ queue });
  for (const id of deck.held) query.append("held", id);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
    const response = await fetch(`${form.dataset.cardsUrl}?${query}`, { signal });
    if (!response.ok || response.redirected) return false;
    const fetched = readCards(await response.text());
    heard = performance.now();
    const fresh = fetched.filter(({ dataset }) => !cards.has(dataset.id));
    for (const card of fresh) {
      card.hidden = true;
      cards.set(card.dataset.id, card);
    }
    stage.append(...fresh);
    const wasEmpty = deck.top === null;
    deck.add(fresh.map(({ dataset }) => dataset.id));
    if (wasEmpty && fresh.length > 0) show();
    else showStrip();
    return true;
  } catch {
    return false;
  }
}

/** After the last card, the page that the server makes says what comes next. */
async function finish() {
  await fill();
  await turns.end();
  if (deck.top !== null) return;
  const isKnown = await fill(); // decisions on their way have held others back
  if (deck.top !== null) return;
  if (isKnown) location.assign(`${form.getAttribute("action")}?queue=${queue}`);
  else setTimeout(show, RETRY_SECONDS * 1000);
}

async function post(fields) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, queue, ...fields });
  for (const id of deck.held) body.append("held", id);
  const { unreachable, refused } = form.dataset;
  try {
    const response = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
      keepalive: true, // arrives also when the page is closed meanwhile
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
    });
    if (response.redirected || response.status === 403) return { reason: refused };
    const answer = await response.json();
    form.elements.group.value = answer.group ?? "";
    if (!response.ok) return { reason: answer.reason ?? unreachable, fresh: answer.fresh };
    heard = performance.now();
    showProgress(answer);
    return answer;
  } catch {
    return { reason: unreachable };
  }
}

/** Opens another page when the server has kept all decisions; a card that comes back stays in view. */
async function leave(address) {
  await turns.end();
  if (deck.reason === "") location.assign(address);
}

async function decide(decision) {
  const id = deck.top;
  if (id === null) return;
  const seen = cards.get(id).querySelector("[name=seen]").value;
  if (isStale()) deck.drop();
  deck.decide(decision);
  show();
  const { reason, fresh } = await turns.take(() => post({ drawing: id, seen, decision }));
  if (!reason) return void deck.settle(id);
  for (const card of readCards(fresh ?? "")) {
    cards.get(id)?.replaceWith(card);
    cards.set(id, card);
  }
  deck.fail(id, reason);
  show();
}

async function undo() {
  const { reason, card } = await turns.take(() =>
    post({ decision: "undo", group: form.elements.group.value }),
  );
  if (reason) tell(reason);
  else if (deck.reopen(card)) show();
  else leave(`${form.getAttribute("action")}?${new URLSearchParams({ queue, card })}`);
}

async function explain() {
  const id = deck.top;
  if (id === null) return;
  const [{ Api }, { Inside }, { sentenceFor }] = await Promise.all([
    import("./api.js"),
    import("./inside.js"),
    import("./problems.js"),
  ]);
  if (!inside) {
    inside = new Inside(find("inside"), new Api(document.body.dataset.drawingsUrl, token));
    inside.addEventListener("failure", ({ detail }) =>
      inside.draw(null, sentenceFor(detail.problem)),
    );
  }
  find("explanation").showModal();
  inside.show({ id });
}

main.addEventListener("submit", (event) => {
  const { name, value } = event.submitter ?? {};
  if (name !== "decision" || value === "again") return;
  event.preventDefault();
  if (value === "undo") undo();
  else decide(value);
});

main.addEventListener("click", ({ target }) => {
  const button = target.closest("button[type=button]");
  if (!button) return;
  if (button.id === "back") {
    deck.back();
    show();
  } else if (button.id === "list-keys") find("keys").showModal();
  else explain();
});

// Only while the focus is in the page's main part, where it is from the beginning, so that speech input does not
// decide by accident (WCAG 2.1.4); and once for each press, so that a key that is held down does not either.
main.tabIndex = -1;
main.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog")) return;
  if ((key === "Enter" || key === " ") && target.closest("button, a")) return;
  const selector = `[data-key~="${CSS.escape(nameKey(key))}"]`;
  const control =
    cards.get(deck.top)?.querySelector(selector) ?? main.querySelector(`.desk-foot ${selector}`);
  if (!control) return;
  event.preventDefault();
  if (!event.repeat) control.click();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target;
  if (!link || isElsewhere || turns.isIdle) return;
  event.preventDefault();
  leave(link.href);
});

window.addEventListener("beforeunload", (event) => {
  if (!turns.isIdle) event.preventDefault();
});

document.body.dataset.keys = "";
main.focus({ preventScroll: true });
if (plays) show(notice.textContent); // what the server said stays until a decision
