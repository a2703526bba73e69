// Node.js 18 has Event and EventTarget but lacks CustomEvent, which came with version 19.

globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(name, { detail = null } = {}) {
    super(name);
    this.detail = detail;
  }
};
