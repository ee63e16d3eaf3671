// Sends operations to the API. A failure of any kind becomes an ApiError with a sentence for people and a code.

const ENDPOINT = document.body.dataset.graphql;
const RETRY_DELAYS_MS = [500, 2000];
const LIMIT_MS = 20000; // by default the server itself gives up after 15
const UNANSWERED = "The server has not answered for 20 seconds. Check the connection and try again.";
const UNREACHABLE = "The server cannot be reached. Check the connection and try again.";

export class ApiError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }

  get isTemporary() {
    return this.code === "SERVICE_UNAVAILABLE" || this.code === "UNREACHABLE";
  }
}

export function unreachable() {
  return new ApiError(UNREACHABLE, "UNREACHABLE");
}

// Read anew for each request: signing in changes the token.
export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
}

export function endpoint() {
  return ENDPOINT;
}

// Queries are safe to repeat, so a short absence of the server goes unnoticed.
export async function query(document, variables = {}) {
  for (const delay of RETRY_DELAYS_MS) {
    try {
      return await send(document, variables);
    } catch (error) {
      if (!error.isTemporary) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  return send(document, variables);
}

export function mutate(document, variables = {}) {
  return send(document, variables);
}

// Not repeated: whoever has waited for so long is told so first.
async function send(document, variables) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), LIMIT_MS);
  try {
    return dataOf(...(await post({ query: document, variables }, controller.signal)));
  } finally {
    clearTimeout(timer);
  }
}

async function post(operation, signal) {
  try {
    const response = await fetch(ENDPOINT, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: JSON.stringify(operation),
      signal,
    });
    return [response.status, await response.text()];
  } catch {
    throw signal.aborted ? new ApiError(UNANSWERED, "UNANSWERED") : unreachable();
  }
}

// A body that is not GraphQL's comes from a proxy in between, or from a server that is on its way down.
export function dataOf(status, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(`The server is not available right now (HTTP ${status}).`, "SERVICE_UNAVAILABLE");
  }
  const error = body.errors?.[0];
  if (error) throw new ApiError(error.message, error.extensions?.code ?? "UNKNOWN");
  return body.data;
}
