// Renews the parts of an admin page marked data-live for as long as one of them is data-unfinished.
// Whoever has no scripts reloads the page.

const MS_BETWEEN_LOOKS = 2000;

const parts = () => document.querySelectorAll("[data-live]");

const isUnfinished = () => document.querySelector("[data-live][data-unfinished]") !== null;

/** Ask for this page again; what is not there any more, as after a log-out, stays as it is. */
const renew = async () => {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh) {
      delete part.dataset.unfinished;
    } else if (!fresh.isEqualNode(part)) {
      replace(part, fresh);
    }
  }
};

/** Only what differs is replaced, so that a screen reader is told of news and of nothing else. */
const replace = (part, fresh) => {
  const same = part.children.length === fresh.children.length;
  part.toggleAttribute("data-unfinished", fresh.hasAttribute("data-unfinished"));
  if (!same || !part.children.length) {
    part.replaceChildren(...fresh.childNodes);
    return;
  }
  const newChildren = [...fresh.children];
  [...part.children].forEach((child, index) => {
    if (!child.isEqualNode(newChildren[index])) child.innerHTML = newChildren[index].innerHTML;
  });
};

const look = async () => {
  try {
    if (!document.hidden) await renew();
  } catch {
    // The server may be down for a moment; the next look asks again.
  }
  if (isUnfinished()) setTimeout(look, MS_BETWEEN_LOOKS);
};

if (isUnfinished()) setTimeout(look, MS_BETWEEN_LOOKS);
