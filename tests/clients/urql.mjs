// urql, which sends files as multipart by itself, and subscribes by server-sent events.

import { Client, fetchExchange } from "@urql/core";
import { browserFetch, URL_OF_API } from "./browser.mjs";
import { scenario } from "./scenario.mjs";

const client = new Client({ url: URL_OF_API, exchanges: [fetchExchange], fetch: browserFetch, fetchSubscriptions: true, preferGetMethod: false });

const data = (result) => {
  if (result.error) throw result.error;
  return result.data;
};
const mutate = async (document, variables) => data(await client.mutation(document, variables).toPromise());
await scenario({
  mutate,
  upload: mutate,
  query: async (document, variables) => data(await client.query(document, variables).toPromise()),
  subscribe: (document, variables) =>
    new Promise((resolve) => {
      client.subscription(document, variables).subscribe((result) => resolve(data(result)));
    }),
});
