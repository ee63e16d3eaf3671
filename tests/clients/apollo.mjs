// Apollo Client, with apollo-upload-client over HTTP and graphql-ws for subscriptions.

import { ApolloClient, ApolloLink, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { createClient } from "graphql-ws";
import { BrowserWebSocket, browserFetch, URL_OF_API } from "./browser.mjs";
import { scenario } from "./scenario.mjs";

const http = new UploadHttpLink({ uri: URL_OF_API, fetch: browserFetch, headers: { "Apollo-Require-Preflight": "true" } });
const socket = new GraphQLWsLink(createClient({ url: URL_OF_API.replace("http", "ws"), webSocketImpl: BrowserWebSocket }));
const link = ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http);
const client = new ApolloClient({ link, cache: new InMemoryCache() });

const mutate = async (document, variables) => (await client.mutate({ mutation: gql(document), variables })).data;
await scenario({
  mutate,
  upload: mutate,
  query: async (document, variables) => (await client.query({ query: gql(document), variables })).data,
  subscribe: (document, variables) =>
    new Promise((resolve, reject) => {
      client.subscribe({ query: gql(document), variables }).subscribe({ next: ({ data }) => resolve(data), error: reject });
    }),
});
