// What the page says: quietly to screen readers, and visibly where something went wrong.

import { byId } from "./dom.js";

const notice = byId("notice");
const [text, button] = notice.children;
let retry = null;

button.addEventListener("click", () => {
  const again = retry;
  hide();
  again?.();
});

export function announce(message) {
  byId("status").textContent = message;
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
