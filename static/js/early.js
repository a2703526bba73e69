// Keeps what the pointer does before the modules are there; draw_page.js takes it over. A classic script, so that the
// page does not appear before it.
globalThis.early = [];
for (const name of ["down", "move", "up", "cancel"])
  addEventListener(`pointer${name}`, (event) => globalThis.early?.push(event));
