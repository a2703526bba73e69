// The history page: all drawings of this browser, loaded part by part, and the dialog that deletes them all.

import { Loader } from "./loader.js";
import { api, find, kept, notice, on, startCards, tryStorage } from "./page.js";
import { words } from "./words.js";

const cards = startCards(Infinity, { judged: recount, deleted: recount });
const loader = new Loader((query) => api.list(query), location.search);
const more = find("more");
const dialog = find("delete-all");
const load = () => loader.load();

// Loads the next part before the visitor has scrolled to the end.
const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && load(), {
  rootMargin: "400px",
});

/** What the server counts, after a verdict or a deletion. */
async function recount() {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["score", "filters", "published"]) {
      const fresh = page.getElementById(id);
      if (fresh) find(id).replaceChildren(...fresh.childNodes);
    }
  } catch {
    // The numbers are those of before.
  }
}

function show({ results }) {
  notice.hide();
  more.hidden = loader.isAtEnd;
  cards.append(results);
  // An observer reports only changes: started again, it also reports a button that is still in view.
  observer.unobserve(more);
  observer.observe(more);
}

async function withdraw() {
  tryStorage(() => localStorage.removeItem("license"));
  notice.hide();
  try {
    const { withdrawn } = await api.withdraw();
    find("voice").textContent = words.consent.withdrawn(withdrawn);
    await recount();
  } catch (problem) {
    notice.tell(problem, withdraw);
  }
}

async function deleteAll() {
  dialog.close();
  notice.hide();
  try {
    const { deleted } = await api.removeAll();
    kept.drop();
    cards.clear();
    find("voice").textContent = words.history.deleted(deleted);
    await recount();
  } catch (problem) {
    notice.tell(problem, deleteAll);
  }
}

on(loader, "loaded", show);
on(loader, "failure", ({ problem }) => {
  more.hidden = false;
  notice.tell(problem, load);
});
on(cards, "change", () => {
  find("none").hidden = cards.size > 0 || !loader.isAtEnd;
});
on(more, "click", load);
on(find("delete-all-ask"), "click", () => {
  const { textContent: count } = find("filters").querySelector("small");
  find("delete-all-title").textContent = words.history.deleteAll(Number(count));
  dialog.showModal();
});
// Its button comes and goes with what the server counts.
find("published").addEventListener("click", ({ target }) => target.id === "withdraw" && withdraw());
on(find("delete-all-sure"), "click", deleteAll);
on(notice, "reload", () => location.reload());
// Safari brings a page back as it was left; what was drawn or deleted since is missing there.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

load();
