// Joins the parts of the page: what stands in the address is shown, and kept up to date.

import * as account from "./account.js";
import * as albums from "./albums.js";
import { byId, make, setText } from "./dom.js";
import { ALBUM, NODES, PHOTO_CHANGED, TAGS } from "./documents.js";
import * as drop from "./drop.js";
import { query } from "./graphql.js";
import { hide, showError } from "./notices.js";
import * as photo from "./photo.js";
import * as photos from "./photos.js";
import { currentPlace, tagPlace } from "./places.js";
import { subscribe } from "./subscription.js";
import * as uploads from "./uploads.js";

const CATCH_UP_MS = 10000;

let openAlbum = null;
let visit = 0; // counts what was shown, so that a late answer for something else is dropped
let stopWatching = () => {};

function start() {
  account.start(showPlace);
  albums.start();
  photo.start();
  photos.start({ open: photo.open, remove: photo.remove, previewOf: uploads.previewOf });
  uploads.start(showUploaded);
  drop.start(
    (files) => uploads.add(files, openAlbum.id),
    () => showError({ message: "Open one of your albums to add pictures to it.", code: "NO_ALBUM" }),
  );
  addEventListener("hashchange", moved);
  document.querySelector(".skip").addEventListener("click", skip);
  setInterval(askForNews, CATCH_UP_MS);
  arrive();
}

async function arrive() {
  const { reset } = currentPlace();
  if (reset) account.openReset(reset);
  await attempt(async () => {
    await account.loadViewer();
    await showPlace();
  }, arrive);
  byId("late")?.remove(); // something is shown now, or said
}

async function moved() {
  const { reset } = currentPlace();
  if (reset) return account.openReset(reset);
  await showPlace();
  byId("title").focus();
}

// Shows what the address says, from the top.
async function showPlace() {
  const number = (visit += 1);
  const isShown = () => number === visit;
  stopWatching();
  hide();
  const { album: albumId, tag } = currentPlace();
  if (albumId) return attempt(() => showAlbum(albumId, isShown), showPlace);
  openAlbum = null;
  head({ title: tag ? `Tagged “${tag}”` : "Photos", isInside: Boolean(tag) });
  byId("shelf").hidden = Boolean(tag);
  await Promise.all([
    photos.show({ state: "READY", ...(tag && { tags: [tag] }) }),
    tag ? null : attempt(() => albums.loadShelf(isShown), showPlace),
    tag ? null : attempt(() => showTags(isShown), showPlace),
  ]);
}

async function showAlbum(id, isShown) {
  const { album } = await query(ALBUM, { id });
  if (!isShown()) return;
  openAlbum = album;
  byId("shelf").hidden = true;
  if (album === null) return showNoAlbum();
  const who = album.isMine ? "Your album" : `By ${album.owner.name}`;
  const subtitle = [who, albums.WHO_SEES[album.visibility]].filter(Boolean).join(" · ");
  head({ title: album.title, subtitle, description: album.description, isInside: true, isMine: album.isMine });
  await photos.show({ album: id });
  if (isShown()) watch(id);
}

async function showNoAlbum() {
  head({ title: "There is no such album", subtitle: "It is gone, or not yours to see.", isInside: true });
  await photos.show(null);
}

function head({ title, subtitle = "", description = "", isInside, isMine = false }) {
  byId("title").textContent = title;
  document.title = isInside ? `${title} · Slipway` : "Slipway";
  setText(byId("subtitle"), subtitle);
  setText(byId("description"), description);
  byId("back").hidden = !isInside;
  byId("tags").hidden = true;
  byId("upload").hidden = !isMine;
  byId("nothing").textContent = isMine ? "No pictures yet. The first ones you add appear here." : "No pictures yet.";
}

async function showTags(isShown) {
  const { tags } = await query(TAGS);
  if (!isShown()) return;
  const used = tags.edges.map(({ node }) => node).filter(({ photoCount }) => photoCount > 0);
  const links = used.map(({ name, photoCount }) => make("a", { href: tagPlace(name) }, name, make("span", {}, `${photoCount}`)));
  byId("tags").replaceChildren(...links.map((link) => make("li", {}, link)));
  byId("tags").hidden = used.length === 0;
}

function watch(albumId) {
  stopWatching();
  stopWatching = subscribe({
    document: PHOTO_CHANGED,
    variables: { albumId },
    onStart: catchUp,
    onData: ({ photoChanged }) => change(photoChanged),
  });
}

function change(told) {
  if (told.photo) uploads.settle(told.photo);
  photos.apply(told);
}

function showUploaded(kept) {
  if (kept.album.id === openAlbum?.id) photos.apply({ kind: "CREATED", photoId: kept.id, photo: kept });
  photos.all().forEach(uploads.settle);
}

// A second way to the news, should the first be cut: asked only while something is being prepared.
async function askForNews() {
  if (photos.isWaiting()) await catchUp();
  const ids = uploads.unsettled();
  if (!ids.length) return;
  const { nodes } = await query(NODES, { ids }).catch(() => ({ nodes: [] })); // it is asked again soon
  nodes.filter(Boolean).forEach(uploads.settle);
}

// What happened before the subscription began, or while it was interrupted, was told to nobody.
async function catchUp() {
  await photos.refresh();
  photos.all().forEach(uploads.settle);
}

async function attempt(action, again) {
  try {
    await action();
  } catch (error) {
    showError(error, again);
  }
}

function skip(event) {
  event.preventDefault(); // the address behind the # is the wall's
  byId("main").focus();
}

start();
