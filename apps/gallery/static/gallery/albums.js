// The shelf of albums, and the dialog that makes one.

import { currentViewer } from "./account.js";
import { byId, closable, make, plural } from "./dom.js";
import { CREATE_ALBUM, OWN_SHELF, SHELF } from "./documents.js";
import { clear, onSubmit } from "./forms.js";
import { mutate, query } from "./graphql.js";
import { announce } from "./notices.js";
import { albumPlace } from "./places.js";

export const WHO_SEES = { PUBLIC: "", UNLISTED: "By link", PRIVATE: "Private" };

const dialog = byId("album");

export function start() {
  closable(dialog);
  dialog.addEventListener("close", () => clear(byId("album-form")));
  byId("new-album").addEventListener("click", () => dialog.showModal());
  onSubmit(byId("album-form"), create);
}

// `isShown()` tells, once the answer is there, whether the shelf is still wanted.
export async function loadShelf(isShown) {
  const viewer = currentViewer();
  const { own, albums } = viewer ? await query(OWN_SHELF, { owner: viewer.id }) : await query(SHELF);
  if (!isShown()) return;
  const unique = new Map([...(own?.edges ?? []), ...albums.edges].map(({ node }) => [node.id, node]));
  byId("albums").replaceChildren(...[...unique.values()].map(card));
  byId("new-album").hidden = viewer === null;
  byId("shelf").hidden = viewer === null && unique.size === 0;
}

function card({ id, title, visibility, isMine, owner, cover, photos }) {
  const face = cover ?? photos.edges[0]?.node;
  const words = [isMine ? "Yours" : owner.name, plural(photos.totalCount, "photo", "photos"), WHO_SEES[visibility]];
  const image = face?.rendition ? make("img", { src: face.rendition.url, alt: "", loading: "lazy" }) : null;
  const picture = make("span", { class: "cover" }, image);
  if (face?.dominantColor) picture.style.setProperty("--colour", face.dominantColor);
  return make(
    "li",
    {},
    make(
      "a",
      { href: albumPlace(id), class: "card" },
      picture,
      make("span", { class: "card-title" }, title),
      make("span", { class: "facts" }, words.filter(Boolean).join(" · ")),
    ),
  );
}

async function create({ title, description, visibility }) {
  const { createAlbum } = await mutate(CREATE_ALBUM, { input: { title, description, visibility } });
  if (createAlbum.errors.length) return createAlbum.errors;
  dialog.close();
  announce(`Album ${createAlbum.album.title} created.`);
  location.hash = albumPlace(createAlbum.album.id);
  return [];
}
