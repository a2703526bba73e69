// Keys for the drawing page: Enter, 0 to 9, X and Delete answer; N begins the next one; P presents, and Escape leaves
// that; ? lists the keys; Ctrl+Z and Ctrl+Shift+Z undo and redo.
//
// All but Escape work only while the focus is in the workspace, where drawing puts it, so that speech input and screen readers do
// not trigger them by accident (WCAG 2.1.4).

import { NONE } from "./reading.js";

const CONTROLS = "button, a, input, dialog";

/** `press` has an action for each of: undo, redo, next, present, leave, list. */
export function listenToKeys(workspace, feedback, press) {
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") press.leave();
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
  if (/^[0-9]$/.test(key)) return () => feedback.choose(Number(key));
  // Enter on a button presses that button.
  if (key === "enter" && event.target.closest(CONTROLS)) return null;
  return {
    enter: () => feedback.confirm(),
    x: () => feedback.choose(NONE),
    delete: () => feedback.withdraw(),
    n: press.next,
    p: press.present,
    "?": press.list,
  }[key];
}
