// The photos that the wall shows: fetched by keyset pages, kept up to date by changes.

import { byId, plural } from "./dom.js";
import { PHOTOS } from "./documents.js";
import { query } from "./graphql.js";
import { announce, hide, showError } from "./notices.js";
import { makeTile } from "./tiles.js";

const PAGE_SIZE = 24;
const LARGEST_PAGE = 100;

const wall = byId("wall");
const moreButton = byId("more");
const shown = new Map(); // id → photo, in the wall's order
let filter = {};
let cursor = null;
let hasMore = false;
let loading = null; // the page that is on its way
let visit = 0; // counts what was shown, so that a late answer for something else is dropped
let hasFailed = false; // whether the last page did
let actions = {};

const nearness = new IntersectionObserver(([entry]) => entry.isIntersecting && more(), { rootMargin: "800px" });

// `tileActions` are what makeTile takes, with `previewOf(photoId)` for the preview.
export function start(tileActions) {
  actions = tileActions;
  moreButton.addEventListener("click", moreForKeyboard);
  nearness.observe(moreButton);
}

// Resolves when the first page is there, or has failed and said so. Without a filter nothing is shown.
export function show(newFilter) {
  visit += 1;
  [filter, cursor, hasMore, loading] = [newFilter, null, false, null];
  shown.clear();
  wall.replaceChildren();
  const page = filter && more({ isFirst: true });
  tellAboutRest();
  return page;
}

export function all() {
  return [...shown.values()];
}

export function ready() {
  return all().filter(({ state }) => state === "READY");
}

export function isWaiting() {
  return all().some(({ state }) => state === "PENDING");
}

export function more({ isFirst = false } = {}) {
  if (!isFirst && !hasMore) return Promise.resolve();
  loading ??= startLoading();
  return loading;
}

// The button may be gone afterwards, so reading goes on at the first new photo.
async function moreForKeyboard() {
  const before = wall.children.length;
  await more();
  wall.children[before]?.querySelector("button")?.focus();
}

function startLoading() {
  const page = loadPage().finally(() => {
    if (loading === page) loading = null;
    tellAboutRest();
  });
  return page;
}

async function loadPage() {
  const page = await fetchPage({ first: PAGE_SIZE, after: cursor }, more.bind(null, { isFirst: cursor === null }));
  if (page === null) return;
  [cursor, hasMore] = [page.pageInfo.endCursor, page.pageInfo.hasNextPage];
  for (const { node } of page.edges) put(node, { atEnd: true });
  tellAboutRest();
  nearness.unobserve(moreButton); // it tells of changes only, and the button may be as near as before
  nearness.observe(moreButton);
  if (shown.size) announce(`${plural(shown.size, "photo", "photos")} shown${hasMore ? "" : ", these are all"}.`);
}

// Returns null where the answer failed, or is for something that is not shown any more.
async function fetchPage(variables, again) {
  const asked = visit;
  wall.setAttribute("aria-busy", "true");
  try {
    const { photos } = await query(PHOTOS, { ...variables, filter });
    if (asked !== visit) return null;
    if (hasFailed) hide(); // our own words, not another's
    hasFailed = false;
    return photos;
  } catch (error) {
    if (asked === visit) showError(error, again);
    hasFailed = true;
    return null;
  } finally {
    if (asked === visit) wall.removeAttribute("aria-busy");
  }
}

// Fetches the newest again: what changed while nobody told us.
export async function refresh() {
  const page = await fetchPage({ first: Math.min(Math.max(shown.size, PAGE_SIZE), LARGEST_PAGE) }, refresh);
  if (page === null) return;
  const fetched = new Set(page.edges.map(({ node }) => node.id));
  const oldest = page.edges.at(-1)?.node.createdAt ?? "";
  for (const { id, createdAt } of all()) {
    if (!fetched.has(id) && (createdAt > oldest || !page.pageInfo.hasNextPage)) drop(id);
  }
  for (const { node } of page.edges) put(node);
  tellAboutRest();
}

// Takes a change that the subscription told of. A photo that belongs to a page not yet loaded is left to it.
export function apply({ kind, photoId, photo }) {
  if (kind === "DELETED") drop(photoId);
  else if (shown.has(photoId) || !hasMore || photo.createdAt > all().at(-1).createdAt) put(photo);
  tellAboutRest();
}

export function put(photo, { atEnd = false } = {}) {
  const old = tileOf(photo.id);
  if (old && isOlderNews(photo)) return;
  if (old && JSON.stringify(shown.get(photo.id)) === JSON.stringify(photo)) return;
  const tile = makeTile(photo, { ...actions, preview: actions.previewOf(photo.id) });
  if (old) {
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(tile);
    if (hadFocus) tile.querySelector("button")?.focus();
    shown.set(photo.id, photo);
  } else if (atEnd) {
    wall.append(tile);
    shown.set(photo.id, photo);
  } else insertByAge(photo, tile);
}

// The answer to an upload may come after the word that its renditions are made.
function isOlderNews({ id, state }) {
  return state === "PENDING" && shown.get(id).state !== "PENDING";
}

function insertByAge(photo, tile) {
  const following = all().find(({ createdAt }) => createdAt < photo.createdAt);
  wall.insertBefore(tile, following ? tileOf(following.id) : null);
  const ordered = all().filter(({ id }) => id !== photo.id);
  ordered.splice(following ? ordered.indexOf(following) : ordered.length, 0, photo);
  shown.clear();
  for (const each of ordered) shown.set(each.id, each);
}

// Focus that would be lost with the tile goes to its neighbour.
export function drop(id) {
  const tile = tileOf(id);
  if (!tile) return;
  const neighbour = tile.nextElementSibling ?? tile.previousElementSibling;
  if (tile.contains(document.activeElement)) (neighbour?.querySelector("button") ?? byId("title")).focus();
  tile.remove();
  shown.delete(id);
  tellAboutRest();
}

export function tileOf(id) {
  return wall.querySelector(`[data-id="${CSS.escape(id)}"]`);
}

function tellAboutRest() {
  moreButton.hidden = !hasMore;
  byId("nothing").hidden = shown.size > 0 || loading !== null;
}
