// What the page says: quietly to screen readers, and visibly where something went wrong.

import { byId, make } from "./dom.js";

const KEPT_MS = 10000;

const notice = byId("notice");
const [text, button] = notice.children;
let retry = null;

button.addEventListener("click", () => {
  const again = retry;
  hide();
  again?.();
});

// One after the other: what replaced another at once would keep it from being read out.
export function announce(message) {
  const line = make("p", {}, message);
  byId("status").append(line);
  setTimeout(() => line.remove(), KEPT_MS);
}

// `again` is what the button does; without it there is nothing to try again.
export function showError(error, again = null) {
  text.textContent = error.message;
  retry = again;
  button.hidden = again === null;
  notice.hidden = false;
  if (!error.code) console.error(error);
}

export function hide() {
  notice.hidden = true;
  retry = null;
}
