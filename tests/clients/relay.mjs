// Relay: documents compiled by relay-compiler against our schema, an object fetched by its global id.

import assert from "node:assert/strict";
import relay from "relay-runtime";
import { createClient } from "graphql-ws";
import { BrowserWebSocket, browserFetch, URL_OF_API } from "./browser.mjs";
import nodeQuery from "./relay/__generated__/documentsNodeQuery.graphql.js";
import watchSubscription from "./relay/__generated__/documentsWatchSubscription.graphql.js";
import { scenario } from "./scenario.mjs";

const { Environment, fetchQuery, Network, Observable, RecordSource, requestSubscription, Store } = relay;

async function send(query, variables) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  const response = await browserFetch(URL_OF_API, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return response.json();
}

// Relay leaves subscriptions to another client: graphql-ws, by the session's cookie.
let socket;
function subscribe({ text }, variables) {
  socket ??= createClient({ url: URL_OF_API.replace("http", "ws"), webSocketImpl: BrowserWebSocket });
  return Observable.create((sink) => socket.subscribe({ query: text, variables }, sink));
}

const network = Network.create((request, variables) => send(request.text, variables), subscribe);
const environment = new Environment({ network, store: new Store(new RecordSource()) });

async function mutate(query, variables) {
  const { data } = await send(query, variables);
  if (data.createAlbum) {
    const { id, title } = data.createAlbum.album;
    const found = await fetchQuery(environment, nodeQuery, { id }).toPromise();
    assert.equal(found.node.title, title);
  }
  return data;
}

await scenario({
  mutate,
  query: async (query, variables) => (await send(query, variables)).data,
  subscribe: (_query, variables) =>
    new Promise((resolve, reject) => {
      requestSubscription(environment, { subscription: watchSubscription, variables, onNext: resolve, onError: reject });
    }),
});
