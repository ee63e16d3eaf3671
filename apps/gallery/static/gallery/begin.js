// Sees to it that the page begins: loaded anew, once, where one of its scripts could not be had, since no other would run then.
// Not a module, because what the others miss must not keep this one from running.

const AGAIN_AFTER_MS = 1000; // a network that changes does so several times in a row

function recover(event) {
  if (!(event.target instanceof HTMLScriptElement)) return;
  const isSecondTime = performance.getEntriesByType("navigation")[0]?.type === "reload";
  if (isSecondTime) document.documentElement.classList.add("is-broken");
  else setTimeout(() => location.reload(), AGAIN_AFTER_MS);
}

// The link itself leads to the whole wall; this stays where one is.
function loadAgain(event) {
  if (!event.target.closest?.("#late a")) return;
  event.preventDefault();
  location.reload();
}

addEventListener("error", recover, true); // a script's failure is told to the script alone, unless one captures it
addEventListener("click", loadAgain);
