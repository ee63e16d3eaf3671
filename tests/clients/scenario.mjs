// What every client does: signs in, creates, pages, watches, uploads. `client` has mutate, query, upload and subscribe.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { browserFetch, URL_OF_API } from "./browser.mjs";

export const DOCUMENTS = {
  login: "mutation Login($input: LoginInput!) { login(input: $input) { viewer { id name } errors { code } } }",
  createAlbum: "mutation CreateAlbum($input: CreateAlbumInput!) { createAlbum(input: $input) { album { id title } errors { code } } }",
  albums: `query Albums($owner: ID!, $after: String) {
    albums(filter: { owner: $owner }, first: 1, after: $after, orderBy: TITLE) {
      edges { node { id title } } pageInfo { hasNextPage endCursor } } }`,
  upload: `mutation Upload($input: UploadPhotosInput!) {
    uploadPhotos(input: $input) { photos { id caption } errors { field code } } }`,
  watch: "subscription Watch($id: ID!) { photoChanged(albumId: $id) { kind photo { id caption } } }",
};

// For a client that has streams alone: the first result of each operation. Signing in sets a cookie, for which it is too late there.
export function byStreams(client) {
  async function first(query, variables) {
    for await (const result of client().iterate({ query, variables })) {
      if (result.errors) throw result.errors[0];
      return result.data;
    }
  }
  async function mutate(query, variables) {
    if (query !== DOCUMENTS.login) return first(query, variables);
    const body = JSON.stringify({ query, variables });
    const response = await browserFetch(URL_OF_API, { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()).data;
  }
  return { mutate, query: first, subscribe: first };
}

export async function scenario(client) {
  const input = { email: process.env.EMAIL, password: process.env.PASSWORD };
  const { login } = await client.mutate(DOCUMENTS.login, { input });
  assert.deepEqual(login.errors, []);
  const titles = ["Alps", "Beaches"].map((title) => `${title} ${process.env.NAME}`);
  const ids = [];
  for (const title of titles) {
    const { createAlbum } = await client.mutate(DOCUMENTS.createAlbum, { input: { title } });
    ids.push(createAlbum.album.id);
  }
  assert.deepEqual(await page(client, login.viewer.id), titles);
  await watchAnUpload(client, ids[0]);
  console.log("ok");
  process.exit(0);
}

async function page(client, owner) {
  const found = [];
  let after = null;
  for (;;) {
    const { albums } = await client.query(DOCUMENTS.albums, { owner, after });
    found.push(...albums.edges.map((edge) => edge.node.title));
    if (!albums.pageInfo.hasNextPage) return found;
    after = albums.pageInfo.endCursor;
  }
}

async function watchAnUpload(client, album) {
  const change = client.subscribe(DOCUMENTS.watch, { id: album });
  change.catch(() => {}); // told below
  // The protocols do not say when a subscription has begun, so files are uploaded until one is told of.
  const picture = new File([await readFile(process.env.PICTURE)], "picture.jpg", { type: "image/jpeg" });
  const upload = client.upload ?? uploadByHand;
  for (let tries = 0; tries < 20; tries += 1) {
    const { uploadPhotos } = await upload(DOCUMENTS.upload, { input: { albumId: album, files: [picture], captions: ["é中"] } });
    assert.deepEqual(uploadPhotos.errors, []);
    const told = await Promise.race([change, new Promise((resolve) => setTimeout(resolve, 1000))]);
    if (!told) continue;
    assert.match(told.photoChanged.kind, /^(CREATED|UPDATED)$/); // it may have begun when a file was there and its renditions were not
    assert.equal(told.photoChanged.photo.caption, "é中");
    return;
  }
  assert.fail("nothing was told of twenty uploads");
}

// For clients that have no uploads of their own.
async function uploadByHand(query, { input }) {
  const form = new FormData();
  form.append("operations", JSON.stringify({ query, variables: { input: { ...input, files: [null] } } }));
  form.append("map", JSON.stringify({ 0: ["variables.input.files.0"] }));
  form.append("0", input.files[0]);
  return (await (await browserFetch(URL_OF_API, { method: "POST", body: form })).json()).data;
}
