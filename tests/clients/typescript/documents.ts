// Typed by graphql-codegen out of our schema; `tsc` says whether the types are those that we expect.

import { graphql } from "./generated/gql.js";
import type { ResultOf } from "@graphql-typed-document-node/core";

export const albums = graphql(`
  query Albums($first: Int!) {
    albums(first: $first, orderBy: NEWEST) {
      totalCount
      edges { node { id title visibility createdAt cover { takenAt renditions { size url } } } }
    }
  }
`);

export function titles(result: ResultOf<typeof albums>): string[] {
  return result.albums.edges.map(({ node }) => `${node.title} ${node.cover?.takenAt ?? node.createdAt}`);
}

// @ts-expect-error a title is a string
export const wrong = (result: ResultOf<typeof albums>): number => result.albums.edges[0].node.title;
