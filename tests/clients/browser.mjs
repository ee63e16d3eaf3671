// What a browser does by itself and Node does not: it keeps cookies, says where its page is from, and sends the page's CSRF token back.

import { WebSocket } from "ws";

export const URL_OF_API = `${process.env.SITE}/graphql`;
const jar = new Map();

export async function browserFetch(address, options = {}) {
  const headers = new Headers(options.headers);
  if (jar.size) headers.set("cookie", cookies());
  if (jar.has("csrftoken")) headers.set("x-csrftoken", jar.get("csrftoken"));
  headers.set("graphql-require-preflight", "1");
  headers.set("origin", process.env.SITE);
  const response = await fetch(address, { ...options, headers });
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split("=");
    jar.set(name, value);
  }
  return response;
}

function cookies() {
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

export class BrowserWebSocket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { origin: process.env.SITE, headers: { cookie: cookies() } });
  }
}
