// Keys for the drawing page: Enter, 0 to 9, X and Delete answer; N begins the next one; P presents, and Escape leaves
// that; ? lists the keys; Ctrl+Z and Ctrl+Shift+Z undo and redo.
//
// All but Escape work only while the focus is in the workspace, where drawing puts it, so that speech input and screen readers do
// not trigger them by accident (WCAG 2.1.4).

import { NONE } from "./reading.js";

const SLIDER = "[role=slider]";
const CONTROLS = `button, a, input, dialog, summary, ${SLIDER}`;
const OPEN = ":is(dialog[open], :popover-open)"; // Escape closes it

/** `press` has an action for each of: undo, redo, next, present, leave, list. */
export function listenToKeys(workspace, feedback, press) {
  document.addEventListener("keydown", ({ key, defaultPrevented }) => {
    if (key === "Escape" && !defaultPrevented && !document.querySelector(OPEN)) press.leave();
  });
  workspace.addEventListener("keydown", (event) => {
    const action =
      event.ctrlKey || event.metaKey
        ? historyAction(event, press)
        : plainAction(event, feedback, press);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function historyAction(event, press) {
  const key = event.key.toLowerCase();
  if (key === "y" || (key === "z" && event.shiftKey)) return press.redo;
  return key === "z" ? press.undo : null;
}

function plainAction(event, feedback, press) {
  if (event.altKey) return null;
  const key = event.key.toLowerCase();
  // Enter on a button presses that button, and moving a slider says nothing about the answer.
  if (key === "enter" && event.target.closest(CONTROLS)) return null;
  if (/^([0-9x]|delete)$/.test(key) && event.target.closest(SLIDER)) return null;
  if (/^[0-9]$/.test(key)) return () => feedback.choose(Number(key));
  return {
    enter: () => feedback.confirm(),
    x: () => feedback.choose(NONE),
    delete: () => feedback.withdraw(),
    n: press.next,
    p: press.present,
    "?": press.list,
  }[key];
}
