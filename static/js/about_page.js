// The page that explains the recognizer: shows the digit inside the model.

import { Inside } from "./inside.js";

const data = document.getElementById("inside-data").textContent;
new Inside(document.getElementById("inside")).draw(JSON.parse(data));
