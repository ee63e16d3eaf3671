// Makes the wall's tiles: a picture to open, one that is being prepared, or one that could not be read.

import { make } from "./dom.js";

const WAITING = { READY: null, PENDING: "Preparing…", FAILED: "Not a picture that can be shown." };

// `preview` is a local address of the picture, where this page has just uploaded it.
export function makeTile(photo, { open, remove, preview }) {
  const ratio = Math.min(Math.max(photo.width / photo.height || 1.5, 0.5), 2.6);
  const tile = make("li", { class: `tile ${photo.state.toLowerCase()}`, "data-id": photo.id, "data-state": photo.state });
  tile.style.setProperty("--ratio", ratio.toFixed(4));
  if (photo.dominantColor) tile.style.setProperty("--colour", photo.dominantColor);
  tile.append(photo.state === "READY" ? openButton(photo, ratio, open) : waiting(photo, preview));
  if (photo.state === "FAILED" && photo.isMine) tile.append(removeButton(photo, remove));
  return tile;
}

export function describe(photo) {
  return photo.caption || `Photo without a caption, by ${photo.owner.name}`;
}

export function sourceSet(renditions) {
  return renditions.map(({ url, width }) => `${url} ${width}w`).join(", ");
}

function openButton(photo, ratio, open) {
  const [small, medium] = photo.renditions;
  const image = make("img", {
    alt: describe(photo),
    width: photo.width,
    height: photo.height,
    loading: "lazy",
    decoding: "async",
    sizes: `(max-width: 640px) 60vw, ${Math.round(ratio * 280)}px`,
    srcset: sourceSet([small, medium].filter(Boolean)),
    src: small.url,
    onload: () => image.classList.add("loaded"),
  });
  const caption = photo.caption ? make("span", { class: "caption", "aria-hidden": "true" }, photo.caption) : null;
  return make("button", { type: "button", class: "open", onclick: () => open(photo.id) }, image, caption);
}

function waiting(photo, preview) {
  const image = preview ? make("img", { src: preview, alt: "", class: "preview loaded" }) : null;
  const words = photo.failureReason || WAITING[photo.state];
  return make("div", { class: "waiting" }, image, make("p", {}, words));
}

function removeButton(photo, remove) {
  return make("button", { type: "button", class: "quiet", onclick: () => remove(photo.id) }, "Delete");
}
