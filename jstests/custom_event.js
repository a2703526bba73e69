// Node.js 18 has Event and EventTarget, but CustomEvent only from 19 on.

globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(name, { detail = null } = {}) {
    super(name);
    this.detail = detail;
  }
};
