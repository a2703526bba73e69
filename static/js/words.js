// Every sentence that the scripts say; the templates hold the rest.

const percent = new Intl.NumberFormat(globalThis.document?.documentElement.lang || "en", {
  style: "percent",
});

const seconds = (count) => (count === 1 ? "1 second" : `${count} seconds`);

export const words = {
  percent: (share) => percent.format(share),

  reading: {
    next: "Draw the next one.",
    sure: (digit, share) => `It reads ${digit}, ${words.percent(share)} sure.`,
    close: (digit, other) => `It reads ${digit}, but it could be ${other}.`,
    unsure: (digit, other) => `It cannot tell: perhaps ${digit}, perhaps ${other}.`,
    noDigit: (digit) => `That does not look like a digit. Its best guess: ${digit}.`,
    byModel: (version) => `; read by model ${version}`,
  },

  feedback: {
    right: "Thank you: it was right.",
    wrong: (label) => `Thank you: it was ${label}.`,
    withdrawn: "Your answer is withdrawn.",
  },

  drawing: {
    open: (prediction) => `Read as ${prediction}, not yet answered`,
    right: (prediction) => `Read as ${prediction}, which was right`,
    wrong: (prediction, label) => `Read as ${prediction}, but it was ${label}`,
    details: (prediction, share, when) =>
      `Read as ${prediction}, ${words.percent(share)} sure, ${when}.`,
    deleted: "The drawing is deleted.",
    deleteAsk: "Delete",
    deleteSure: "Delete for good?",
  },

  history: {
    none: "Nothing here yet.",
    loading: "Loading …",
  },

  keys: {
    penDown: "Pen down",
    penUp: "Pen up",
    place: (row, column) => `row ${row}, column ${column}`,
  },

  problems: {
    retry: "Try again",
    reload: "Reload the page",
    offline: "You are offline. Nothing is lost: try again when you are connected.",
    unreachable: "The server cannot be reached. Nothing is lost: try again in a moment.",
    timeout: "The server takes too long to answer. Nothing is lost: try again.",
    refused: "The server no longer accepts this page. Reload it; your drawing comes along.",
    gone: "This drawing is no longer stored.",
    tooLarge: "This drawing is too large to send. Undo a stroke or start a new one.",
    tooMany: (wait) =>
      wait
        ? `That was a lot at once. Try again in ${seconds(wait)}.`
        : "That was a lot at once. Try again in a moment.",
    server: "The server had a problem. Nothing is lost: try again.",
    unexpected: "Something went wrong. Nothing is lost: try again.",
  },
};
