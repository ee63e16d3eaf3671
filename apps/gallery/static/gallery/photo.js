// The dialog with one large photo: its neighbours, its facts, and for its owner a caption to write and a way to delete it.

import { byId, closable, make } from "./dom.js";
import { DELETE_PHOTO, UPDATE_PHOTO } from "./documents.js";
import { clear, onSubmit } from "./forms.js";
import { mutate } from "./graphql.js";
import { announce, showError } from "./notices.js";
import * as photos from "./photos.js";
import { albumPlace, tagPlace } from "./places.js";
import { describe, sourceSet } from "./tiles.js";

const dialog = byId("photo");
const image = byId("photo-image");
const deleteButton = byId("delete-photo");
const previous = dialog.querySelector(".previous");
const next = dialog.querySelector(".next");
let current = null;

export function start() {
  closable(dialog);
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  dialog.addEventListener("keydown", stepByKey);
  dialog.addEventListener("close", returnFocus);
  image.addEventListener("load", () => image.classList.add("loaded"));
  dialog.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
  deleteButton.addEventListener("click", askOrDelete);
  deleteButton.addEventListener("blur", askAgain);
  onSubmit(byId("caption-form"), saveCaption);
}

export function open(id) {
  current = photos.ready().find((photo) => photo.id === id);
  draw();
  if (!dialog.open) dialog.showModal();
}

function draw() {
  const { renditions, dominantColor, isMine, tags } = current;
  const largest = renditions.at(-1);
  image.classList.remove("loaded");
  image.removeAttribute("srcset");
  Object.assign(image, { alt: describe(current), width: largest.width, height: largest.height, src: largest.url });
  image.srcset = sourceSet(renditions);
  image.style.setProperty("--colour", dominantColor);
  image.style.setProperty("--ratio", (largest.width / largest.height).toFixed(4));
  image.style.setProperty("--widest", `${largest.width}px`); // beyond it there is nothing more to see
  byId("photo-caption").textContent = current.caption || "Untitled";
  byId("photo-facts").replaceChildren(...facts(current));
  byId("photo-tags").replaceChildren(...tags.map(({ name }) => make("li", {}, make("a", { href: tagPlace(name) }, name))));
  byId("photo-own").hidden = !isMine;
  clear(byId("caption-form"));
  byId("caption").value = current.caption;
  askAgain();
  drawNeighbours();
}

function facts({ owner, album, takenAt, width, height }) {
  const date = takenAt && new Date(takenAt).toLocaleDateString(undefined, { dateStyle: "long" });
  const rest = [date && `taken ${date}`, `${width} × ${height}`].filter(Boolean).join(" · ");
  return [`${owner.name} in `, make("a", { href: albumPlace(album.id) }, album.title), ` · ${rest}`];
}

function drawNeighbours() {
  const list = photos.ready();
  const index = list.findIndex(({ id }) => id === current.id);
  previous.disabled = index <= 0;
  next.disabled = index === list.length - 1;
  if (index > list.length - 4) photos.more().then(() => (next.disabled = photos.ready().at(-1)?.id === current.id));
}

function step(by) {
  const list = photos.ready();
  const neighbour = list[list.findIndex(({ id }) => id === current.id) + by];
  if (!neighbour) return;
  current = neighbour;
  draw();
  announce(describe(current));
}

function stepByKey(event) {
  if (event.target.matches("input")) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
}

// To the tile of the photo seen last, which need not be the one that was opened.
function returnFocus() {
  image.removeAttribute("srcset");
  image.removeAttribute("src");
  photos.tileOf(current.id)?.querySelector("button").focus();
}

async function saveCaption({ caption }) {
  const { updatePhoto } = await mutate(UPDATE_PHOTO, { input: { id: current.id, caption } });
  if (updatePhoto.errors.length) return updatePhoto.errors;
  current = updatePhoto.photo;
  photos.put(current);
  draw();
  announce("Caption saved.");
  return [];
}

// The first press asks, the second deletes; going elsewhere takes the question back.
function askOrDelete() {
  if (!deleteButton.dataset.isAsking) {
    deleteButton.dataset.isAsking = "true";
    deleteButton.textContent = "Delete for good?";
    announce("Press again to delete this photo for good.");
    return;
  }
  dialog.close();
  remove(current.id);
}

function askAgain() {
  delete deleteButton.dataset.isAsking;
  deleteButton.textContent = "Delete photo";
}

export async function remove(id) {
  try {
    await mutate(DELETE_PHOTO, { id });
  } catch (error) {
    return showError(error, error.isTemporary ? () => remove(id) : null);
  }
  photos.drop(id);
  announce("Photo deleted.");
}
