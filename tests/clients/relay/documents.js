// What relay-compiler compiles. Relay runs nothing else.

import { graphql } from "relay-runtime";

export const nodeQuery = graphql`
  query documentsNodeQuery($id: ID!) {
    node(id: $id) {
      id
      ... on Album {
        title
        ...documents_album @alias
      }
    }
  }
`;

// A connection that can be paged and refetched by `node`, which takes global ids and the specification of connections.
export const albumFragment = graphql`
  fragment documents_album on Album @refetchable(queryName: "documentsAlbumPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" }) {
    photos(first: $count, after: $cursor) @connection(key: "album_photos") {
      edges { node { id caption } }
    }
  }
`;

export const watchSubscription = graphql`
  subscription documentsWatchSubscription($id: ID!) {
    photoChanged(albumId: $id) {
      kind
      photo {
        id
        caption
      }
    }
  }
`;
