// What a sentence is in the language of the page, by Django's catalog: the script that comes before the modules.
// Where it did not come, and in Node, it stays English.

export const gettext = (text) => globalThis.gettext?.(text) ?? text;

export const ngettext = (one, many, count) =>
  globalThis.ngettext?.(one, many, count) ?? (count === 1 ? one : many);

/** A sentence with its %(name)s filled in. */
export const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
