// graphql-ws alone: queries, mutations and subscriptions over one WebSocket, signed in by the session's cookie.

import { createClient } from "graphql-ws";
import { BrowserWebSocket, URL_OF_API } from "./browser.mjs";
import { byStreams, scenario } from "./scenario.mjs";

let client;

function opened() {
  client ??= createClient({ url: URL_OF_API.replace("http", "ws"), webSocketImpl: BrowserWebSocket });
  return client;
}

await scenario(byStreams(opened));
