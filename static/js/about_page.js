// The page that explains the recognizer: shows inside the model the visitor's last drawing, or the example.

import { Api } from "./api.js";
import { Inside } from "./inside.js";

const root = document.getElementById("inside");
const example = document.getElementById("inside-data");
const inside = new Inside(root, new Api(document.body.dataset.drawingsUrl));
root.hidden = false;
inside.addEventListener("failure", () => {
  root.hidden = true; // the page tells the answer without it
});
if (example) inside.draw(JSON.parse(example.textContent));
else inside.show({ id: root.dataset.drawing });
