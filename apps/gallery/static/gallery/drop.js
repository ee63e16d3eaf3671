// Files from outside: chosen with the file input, or dropped anywhere on the page.

import { byId } from "./dom.js";

const zone = byId("upload");
const input = byId("files");

// `take(files)` gets the files; `refuse()` is called for a drop while no album of one's own is open.
export function start(take, refuse) {
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that choosing the same file again is a change again
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = zone.hidden ? "none" : "copy";
    zone.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && zone.classList.remove("over"));
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page to show the file
    zone.classList.remove("over");
    if (zone.hidden) refuse();
    else take([...event.dataTransfer.files]);
  });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}
