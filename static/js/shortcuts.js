// Keys for the drawing page: 0 to 9, Enter, Esc and Delete answer; Ctrl+Z and Ctrl+Shift+Z undo and redo.
//
// They work only while the focus is in the workspace, where drawing puts it, so that speech input and screen readers do
// not trigger them by accident (WCAG 2.1.4).

const CONTROLS = "button, a, input, select, textarea, dialog";

export function listenToKeys(workspace, pad, feedback) {
  workspace.addEventListener("keydown", (event) => {
    const action =
      event.ctrlKey || event.metaKey ? historyAction(event, pad) : answerAction(event, feedback);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function historyAction(event, pad) {
  const key = event.key.toLowerCase();
  if (key === "y" || (key === "z" && event.shiftKey)) return () => pad.redo();
  if (key === "z") return () => pad.undo();
  return null;
}

function answerAction(event, feedback) {
  if (!feedback.isAsking || event.altKey) return null;
  if (/^[0-9]$/.test(event.key)) return () => feedback.choose(Number(event.key));
  if (event.key === "Escape" && feedback.isOffering) return () => feedback.cancel();
  if (event.key === "Delete") return () => feedback.withdraw();
  // Enter on a button presses that button.
  if (event.key === "Enter" && !event.target.closest(CONTROLS)) return () => feedback.confirm();
  return null;
}
