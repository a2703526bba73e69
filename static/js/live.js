// Refreshes the parts of an admin page that are marked data-live while one of them is data-unfinished.
// Without JavaScript, the page has to be reloaded by hand.

const MS_BETWEEN_REFRESHES = 2000;

const isUnfinished = () => document.querySelector("[data-live][data-unfinished]") !== null;

/** Loads this page again and updates its parts; a part that is missing there, as after a log-out, stays as it is. */
const refresh = async () => {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) delete part.dataset.unfinished;
    else if (!fresh.isEqualNode(part)) replace(part, fresh);
  }
};

/** Replaces only what differs, so that a screen reader announces only news. */
const replace = (part, fresh) => {
  part.toggleAttribute("data-unfinished", fresh.hasAttribute("data-unfinished"));
  const [children, freshChildren] = [[...part.children], [...fresh.children]];
  if (children.length === 0 || children.length !== freshChildren.length) {
    part.replaceChildren(...fresh.childNodes);
    return;
  }
  children.forEach((child, index) => {
    if (!child.isEqualNode(freshChildren[index])) child.innerHTML = freshChildren[index].innerHTML;
  });
};

const refreshSoon = () => isUnfinished() && setTimeout(tryToRefresh, MS_BETWEEN_REFRESHES);

const tryToRefresh = async () => {
  try {
    if (!document.hidden) await refresh();
  } catch {
    // The server may be down for a moment; the next refresh tries again.
  }
  refreshSoon();
};

refreshSoon();
