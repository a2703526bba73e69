// Every sentence that the scripts show; the templates hold the rest. CONTRIBUTING.md explains how they are translated.

// The catalog, which a script before the modules loads, translates; without it, as in Node, all stays English.
const gettext = (text) => globalThis.catalog?.[text] ?? text;

const ngettext = (one, many, count) =>
  globalThis.catalog?.[one]?.[globalThis.plural(count)] ?? (count === 1 ? one : many);

/** A sentence with its %(name)s filled in. */
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

const language = globalThis.document?.documentElement.lang || "en";
const percent = new Intl.NumberFormat(language, { style: "percent" });
const list = new Intl.ListFormat(language);

/** A share as it is told: nothing is certain, and nothing is impossible. */
function tell(share) {
  if (share >= 0.995) return gettext("over 99%");
  return share < 0.005 ? gettext("under 1%") : percent.format(share);
}

/** The eleventh answer. */
export const NONE = "none";

const nameOf = (answer) => (answer === 10 ? gettext("no digit") : String(answer));

/** What was drawn to a digit and not read. */
const nameOfPart = {
  underline: gettext("the underline"),
  "full stop": gettext("the full stop"),
  circle: gettext("the circle"),
  box: gettext("the box"),
};

export const words = {
  answer: (answer) => (answer === NONE ? gettext("no digit") : String(answer)),

  reading: {
    first: gettext("Draw any digit, your way"),
    next: gettext("Draw the next one"),
    reading: gettext("Reading …"),
    reads: (digit) => fill(gettext("It reads %(digit)s"), { digit }),
    sure: (share) => fill(gettext("Sure: %(share)s."), { share: tell(share) }),
    fairlySure: (share, other) =>
      other === NONE
        ? fill(gettext("Fairly sure: %(share)s. Or it is no digit."), { share: tell(share) })
        : fill(gettext("Fairly sure: %(share)s. Second guess: %(other)s."), {
            share: tell(share),
            other,
          }),
    torn: (digit, other) =>
      other === NONE
        ? fill(gettext("A %(digit)s, or no digit?"), { digit })
        : fill(gettext("It cannot tell %(digit)s from %(other)s"), { digit, other }),
    likelier: (digit, share) =>
      fill(gettext("%(digit)s is likelier: %(share)s."), { digit, share: tell(share) }),
    learned: (own) =>
      own === NONE
        ? gettext("Learned from you; before, it read no digit.")
        : fill(gettext("Learned from you; before, it read %(own)s."), { own }),
    aside: (kinds) =>
      fill(gettext("Left out: %(parts)s."), {
        parts: list.format(kinds.map((kind) => nameOfPart[kind])),
      }),
    noDigit: gettext("It reads no digit"),
    isItOne: gettext("Is it a digit?"),
    byModel: (version) => fill(gettext("; read by model %(version)s"), { version }),
  },

  memory: {
    remembers: (count) =>
      fill(
        ngettext(
          "It remembers %(count)s of your digits.",
          "It remembers %(count)s of your digits.",
          count,
        ),
        { count },
      ),
    without: (own) =>
      own === NONE
        ? gettext("Without them it would have read no digit.")
        : fill(gettext("Without them it would have read %(own)s."), { own }),
    learned: (answer) =>
      answer === NONE
        ? gettext("Learned: it would now read no digit here.")
        : fill(gettext("Learned: it would now read %(answer)s here."), { answer }),
    notYet: (answer) =>
      answer === NONE
        ? gettext("It still reads no digit here; the next model may do better.")
        : fill(gettext("It still reads %(answer)s here; the next model may do better."), {
            answer,
          }),
  },

  gain: {
    learned: (model, count, own) => {
      const values = { model, count, own };
      if (count === 0) return fill(gettext("Model %(model)s reads now."), values);
      if (own === count)
        return fill(
          ngettext(
            "Model %(model)s learned from %(count)s answer, which is yours.",
            "Model %(model)s learned from %(count)s answers, all of them yours.",
            count,
          ),
          values,
        );
      if (own > 0)
        return fill(
          gettext("Model %(model)s learned from %(count)s answers, %(own)s of them yours."),
          values,
        );
      return fill(
        ngettext(
          "Model %(model)s learned from %(count)s answer.",
          "Model %(model)s learned from %(count)s answers.",
          count,
        ),
        values,
      );
    },
    mended: (count, right) => {
      if (count === 1)
        return right === 1
          ? gettext("It now reads your misread drawing right.")
          : gettext("It still does not read your misread drawing right.");
      return fill(
        gettext("Of your last %(count)s misread drawings it now reads %(right)s right."),
        { count, right },
      );
    },
  },

  inside: {
    covered: (sentence) => fill(gettext("With this part covered: %(sentence)s"), { sentence }),
    alone: (sentence) =>
      fill(gettext("The model alone, without what it remembers of you: %(sentence)s"), {
        sentence,
      }),
    unit: (unit, supported, opposed, share) => {
      const votes = fill(gettext("Unit %(unit)s speaks for %(supported)s, against %(opposed)s."), {
        unit,
        supported: list.format(supported.map(nameOf)),
        opposed: list.format(opposed.map(nameOf)),
      });
      const strength =
        share < 0.005
          ? gettext("Here it is silent.")
          : fill(gettext("Here it is at %(share)s of the strongest."), {
              share: percent.format(share),
            });
      return `${votes} ${strength}`;
    },
    row: (answer) => (answer === 10 ? gettext("none") : String(answer)),
  },

  picture: {
    another: gettext("Choose another"),
    read: gettext("Read this part"),
    box: gettext("Draw a box around the digit"),
    place: (box, { width, height }) => {
      const [left, top, right, bottom] = box.map((at, index) =>
        percent.format(at / (index % 2 ? height : width)),
      );
      return fill(gettext("left %(left)s, top %(top)s, right %(right)s, bottom %(bottom)s"), {
        left,
        top,
        right,
        bottom,
      });
    },
    how: gettext(
      "With keys: arrows move the box, with Shift they size it, Enter reads it, Escape cancels.",
    ),
  },

  history: {
    deleteAll: (count) =>
      fill(
        ngettext("Delete your %(count)s drawing?", "Delete all your %(count)s drawings?", count),
        {
          count,
        },
      ),
    deleted: (count) =>
      fill(ngettext("%(count)s drawing is deleted.", "%(count)s drawings are deleted.", count), {
        count,
      }),
  },

  consent: {
    given: gettext("Thank you. It holds for what you draw from now on."),
    unstored: gettext(
      "This browser stores nothing, so it cannot remember that. Nothing is published.",
    ),
    withdrawn: (count) =>
      fill(
        ngettext(
          "Taken back: %(count)s drawing is left out from now on.",
          "Taken back: %(count)s drawings are left out from now on.",
          count,
        ),
        { count },
      ),
    failed: gettext("That did not work, so nothing has changed. Please try again."),
  },

  feedback: {
    wasItRight: gettext("Was this right?"),
    yes: (answer) => fill(gettext("Yes, %(answer)s"), { answer }),
    no: gettext("No"),
    second: gettext("second guess"),
    thanks: (verdict, label) =>
      verdict === "right"
        ? gettext("Thank you: it was right.")
        : fill(
            label === NONE
              ? gettext("Thank you: it was no digit.")
              : gettext("Thank you: it was %(label)s."),
            { label },
          ),
  },

  drawing: {
    open: (answer) => fill(gettext("Read as %(answer)s, not yet answered"), { answer }),
    right: (answer) => fill(gettext("Read as %(answer)s, which was right"), { answer }),
    wrong: (answer, label) =>
      fill(gettext("Read as %(answer)s, but it was %(label)s"), { answer, label }),
    day: (date, now = new Date()) => {
      const days = Math.round((new Date(date).setHours(12, 0) - now.setHours(12, 0)) / 864e5);
      return days > -2
        ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day")
        : new Intl.DateTimeFormat(language, { dateStyle: "full" }).format(date);
    },
    deleted: gettext("The drawing is deleted."),
    deleteAsk: gettext("Delete"),
    deleteSure: gettext("Delete for good?"),
  },

  pens: {
    10: gettext("Pen: thin"),
    18: gettext("Pen: medium"),
    28: gettext("Pen: thick"),
  },

  keys: {
    penDown: gettext("Pen down"),
    penUp: gettext("Pen up"),
    place: (row, column) => fill(gettext("row %(row)s, column %(column)s"), { row, column }),
  },

  problems: {
    retry: gettext("Try again"),
    reload: gettext("Reload the page"),
    again: (seconds) =>
      seconds < 120
        ? fill(
            ngettext(
              "It goes on in %(count)s second.",
              "It goes on in %(count)s seconds.",
              seconds,
            ),
            { count: seconds },
          )
        : fill(gettext("It goes on in %(count)s minutes."), { count: Math.ceil(seconds / 60) }),
    trying: gettext("It tries again …"),
    offline: gettext("You are offline. Nothing is lost: it goes on when you are connected."),
    unreachable: gettext("The server cannot be reached. Nothing is lost."),
    timeout: gettext("The server takes too long to answer. Nothing is lost."),
    refused: gettext("The server no longer accepts this page. Reload it; your drawing is kept."),
    gone: gettext("This drawing is no longer stored."),
    tooLarge: gettext("This drawing is too large to send. Undo a stroke or start a new one."),
    tooMany: gettext("That was a lot at once. Nothing is lost."),
    server: gettext("The server had a problem. Nothing is lost."),
    unexpected: gettext("Something went wrong. Nothing is lost: try again."),
    // By the end of the problem's type; the sentences of the API are for programs.
    types: {
      "blank-drawing": gettext("There is no ink in this drawing. Draw a digit and try again."),
      "nothing-found": gettext(
        "No digit was found in this picture. Mark it, or show it larger, on plain paper and in even light.",
      ),
      "several-digits": gettext("It sees more than one digit. One at a time, please."),
      "invalid-image": gettext(
        "This picture cannot be read. Choose a PNG, JPEG, WebP, GIF or BMP file.",
      ),
      "invalid-box": gettext(
        "The marked part is too small to hold a digit. Mark a larger one, or choose another picture.",
      ),
      heic: gettext(
        "HEIC pictures cannot be read. Choose a JPEG; an iPhone takes them with Settings, Camera, Formats, Most Compatible.",
      ),
      "image-too-large": gettext("This picture is too large. Choose one of at most 30 MB."),
      "invalid-strokes": gettext(
        "The server cannot read these strokes. Clear the pad and draw again.",
      ),
    },
  },
};
