// GraphiQL on our endpoint: with the CSRF token of the page, and subscriptions over graphql-transport-ws.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

import "./page.css";
import { TABS } from "./examples.js";

const root = document.getElementById("graphiql");
const address = new URL(root.dataset.endpoint, location.href);
const socketAddress = new URL(address);
socketAddress.protocol = address.protocol === "https:" ? "wss:" : "ws:";

// Read anew for each request: signing in changes it.
function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
}

function fetchWithToken(url, { headers, ...rest }) {
  return fetch(url, { ...rest, headers: { ...headers, "X-CSRFToken": csrfToken() }, credentials: "same-origin" });
}

const fetcher = createGraphiQLFetcher({
  url: address.href,
  subscriptionUrl: socketAddress.href, // the headers editor's Authorization goes with the connection's parameters
  fetch: fetchWithToken,
});

createRoot(root).render(createElement(GraphiQL, { fetcher, defaultTabs: TABS, defaultEditorToolsVisibility: true }));
