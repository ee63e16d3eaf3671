// What the tabs hold when GraphiQL is opened for the first time. Plain text; a test runs the queries.

export const WALL = `# The newest photos of all public albums.
# For the next page add after: with the endCursor.
# Ctrl-Enter runs, Ctrl-Space completes; the book at
# the left is the documentation.

query Wall {
  photos(first: 3) {
    edges {
      node {
        id
        caption
        dominantColor
        album {
          id
          title
          owner {
            name
          }
        }
        rendition(size: SMALL) {
          url
          width
          height
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

export const WATCH = `# Tells of each change to an album's photos.
# Put an album's id into the variables.

subscription Watch($albumId: ID!) {
  photoChanged(albumId: $albumId) {
    kind
    photoId
    photo {
      caption
      state
      failureReason
    }
  }
}
`;

export const TABS = [
  { query: WALL },
  { query: WATCH, variables: JSON.stringify({ albumId: "" }, null, 2) },
];
