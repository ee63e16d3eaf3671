// Sends files to an album, one request a file so that each has a bar of its own, two at a time.

import { byId, make } from "./dom.js";
import { UPLOAD } from "./documents.js";
import { csrfToken, dataOf, endpoint, unreachable } from "./graphql.js";
import { announce } from "./notices.js";

const AT_ONCE = 2;

const list = byId("upload-list");
const waiting = []; // of { file, albumId, row }
const rows = new Map(); // photo id → row, until the photo is READY or FAILED
const previews = new Map(); // photo id → local address of the picture, for as long
let running = 0;
let onPhoto = () => {};

// `photoKept(photo)` is called with each photo that the server has kept.
export function start(photoKept) {
  onPhoto = photoKept;
  byId("clear-uploads").addEventListener("click", clearFinished);
  addEventListener("beforeunload", (event) => running && event.preventDefault());
}

export function add(files, albumId) {
  for (const file of files) waiting.push({ file, albumId, row: addRow(file) });
  startNext();
}

export function previewOf(photoId) {
  return previews.get(photoId);
}

// Says what became of a photo that was uploaded here.
export function settle({ id, state, failureReason }) {
  const row = rows.get(id);
  if (!row || state === "PENDING") return;
  finish(row, state === "READY" ? "Ready" : failureReason, state === "READY" ? "done" : "failed");
  rows.delete(id);
  URL.revokeObjectURL(previews.get(id));
  previews.delete(id);
}

// Returns the ids of the uploaded photos that were not heard of since.
export function unsettled() {
  return [...rows.keys()];
}

function addRow(file) {
  const bar = make("progress", { max: 100, value: 0, "aria-label": `Upload of ${file.name}` });
  const state = make("span", { class: "state" }, "Waiting");
  const row = make("li", { "data-state": "waiting" }, make("span", { class: "name" }, file.name), state, bar);
  list.append(row);
  byId("uploads").hidden = false;
  return { row, bar, state, name: file.name };
}

function startNext() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    upload(waiting.shift()).finally(() => {
      running -= 1;
      startNext();
    });
  }
}

async function upload({ file, albumId, row }) {
  tell(row, "Uploading", "uploading");
  try {
    const { uploadPhotos } = await send(requestBody(file, albumId), (share) => (row.bar.value = share * 100));
    const [photo] = uploadPhotos.photos;
    if (!photo) return finish(row, uploadPhotos.errors.map(({ message }) => message).join(" "), "failed");
    keep(photo, file, row);
  } catch (error) {
    finish(row, error.message, "failed");
  }
}

function keep(photo, file, row) {
  row.bar.value = 100;
  tell(row, "Preparing", "preparing");
  rows.set(photo.id, row);
  previews.set(photo.id, URL.createObjectURL(file));
  onPhoto(photo);
}

// As the GraphQL multipart request specification says: the operation with null for the file, the place, the file.
function requestBody(file, albumId) {
  const body = new FormData();
  body.append("operations", JSON.stringify({ query: UPLOAD, variables: { albumId, files: [null] } }));
  body.append("map", JSON.stringify({ file: ["variables.files.0"] }));
  body.append("file", file);
  return body;
}

// fetch cannot tell how far an upload is, so this is an XMLHttpRequest.
function send(body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", endpoint());
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("GraphQL-Require-Preflight", "1");
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("load", () => {
      try {
        resolve(dataOf(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
    request.send(body);
  });
}

function tell({ row, state }, words, name) {
  row.dataset.state = name;
  state.textContent = words;
}

function finish(row, words, name) {
  tell(row, words, name);
  announce(`${row.name}: ${words}`);
}

function clearFinished() {
  for (const row of list.querySelectorAll("[data-state=done], [data-state=failed]")) row.remove();
  byId("uploads").hidden = !list.children.length;
  if (byId("uploads").hidden) byId("files").focus();
}
