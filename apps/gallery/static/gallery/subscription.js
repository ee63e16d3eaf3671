// A client of the graphql-transport-ws protocol, for one subscription a connection. It reconnects until it is stopped.

import { endpoint } from "./graphql.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20000;
const BEGUN_MS = 2000;
// Asking again would get the same answer.
const FINAL_CODES = ["NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"];

// `onStart` is called at each (re)connection: what happened before it was not told, so fetch it. And once more a little later:
// the protocol does not say when a subscription has begun, so something may have happened in between.
export function subscribe({ document, variables, onStart, onData }) {
  let socket = null;
  let timer = 0;
  let secondLook = 0;
  let failures = 0;
  let isStopped = false;

  function connect() {
    clearTimeout(timer);
    socket = new WebSocket(address(), "graphql-transport-ws");
    socket.addEventListener("open", () => send({ type: "connection_init" }));
    socket.addEventListener("message", (event) => receive(JSON.parse(event.data)));
    socket.addEventListener("close", reconnectLater);
  }

  function send(message) {
    socket.send(JSON.stringify(message));
  }

  function receive({ type, payload }) {
    if (type === "connection_ack") start();
    else if (type === "ping") send({ type: "pong" });
    else if (type === "next" && payload.data) onData(payload.data);
    else if (type === "next") fail(payload.errors);
    else if (type === "error") fail(payload);
    else if (type === "complete") socket.close(1000);
  }

  function start() {
    send({ id: "1", type: "subscribe", payload: { query: document, variables } });
    failures = 0;
    onStart();
    secondLook = setTimeout(onStart, BEGUN_MS);
  }

  function fail(errors) {
    if (FINAL_CODES.includes(errors?.[0]?.extensions?.code)) stop();
    else socket.close(1000);
  }

  // Spread over time, so that all pages don't come back at once after a restart of the server.
  function reconnectLater() {
    clearTimeout(secondLook);
    if (isStopped) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
    failures += 1;
    timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
  }

  function stop() {
    isStopped = true;
    clearTimeout(timer);
    clearTimeout(secondLook);
    removeEventListener("online", reconnectNow);
    socket.close(1000);
  }

  function reconnectNow() {
    failures = 0;
    if (socket.readyState === WebSocket.CLOSED) connect();
  }

  addEventListener("online", reconnectNow);
  connect();
  return stop;
}

function address() {
  const url = new URL(endpoint(), location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
