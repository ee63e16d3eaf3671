// Every GraphQL operation of the page.

const PHOTO = `
  fragment PhotoParts on Photo {
    id caption state failureReason dominantColor width height createdAt takenAt isMine
    album { id title }
    owner { name }
    tags { name }
    renditions { size url width height }
  }
`;

export const VIEWER = `query Viewer { viewer { id name } }`;

export const PHOTOS = `
  query Photos($first: Int!, $after: String, $filter: PhotoFilter) {
    photos(first: $first, after: $after, filter: $filter) {
      edges { node { ...PhotoParts } }
      pageInfo { hasNextPage endCursor }
    }
  }
  ${PHOTO}
`;

export const ALBUM = `
  query Album($id: ID!) {
    album(id: $id) { id title description visibility isMine owner { name } }
  }
`;

const SHELF_ALBUM = `
  fragment ShelfAlbum on Album {
    id title visibility isMine
    owner { name }
    cover { dominantColor rendition(size: SMALL) { url } }
    photos(first: 1, filter: { state: READY }) {
      totalCount
      edges { node { dominantColor rendition(size: SMALL) { url } } }
    }
  }
`;

export const SHELF = `
  query Shelf { albums(first: 24) { edges { node { ...ShelfAlbum } } } }
  ${SHELF_ALBUM}
`;

// One's own come first, however many newer albums others have made since.
export const OWN_SHELF = `
  query OwnShelf($owner: ID!) {
    own: albums(first: 24, filter: { owner: $owner }) { edges { node { ...ShelfAlbum } } }
    albums(first: 24) { edges { node { ...ShelfAlbum } } }
  }
  ${SHELF_ALBUM}
`;

export const TAGS = `query Tags { tags(first: 24) { edges { node { name photoCount } } } }`;

export const NODES = `
  query Uploaded($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { id state failureReason } } }
`;

export const LOGIN = `
  mutation Login($input: LoginInput!) {
    login(input: $input) { viewer { id name } errors { field message code } }
  }
`;

export const LOGOUT = `mutation Logout { logout { ok } }`;

export const REGISTER = `
  mutation Register($input: RegisterInput!) {
    register(input: $input) { user { id } errors { field message code } }
  }
`;

export const REQUEST_RESET = `
  mutation RequestReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) { ok errors { field message code } }
  }
`;

export const RESET = `
  mutation Reset($input: ResetPasswordInput!) {
    resetPassword(input: $input) { ok errors { field message code } }
  }
`;

export const CREATE_ALBUM = `
  mutation CreateAlbum($input: CreateAlbumInput!) {
    createAlbum(input: $input) { album { id title } errors { field message code } }
  }
`;

export const UPLOAD = `
  mutation Upload($albumId: ID!, $files: [Upload!]!) {
    uploadPhotos(input: { albumId: $albumId, files: $files }) {
      photos { ...PhotoParts }
      errors { field message code }
    }
  }
  ${PHOTO}
`;

export const UPDATE_PHOTO = `
  mutation UpdatePhoto($input: UpdatePhotoInput!) {
    updatePhoto(input: $input) { photo { ...PhotoParts } errors { field message code } }
  }
  ${PHOTO}
`;

export const DELETE_PHOTO = `
  mutation DeletePhoto($id: ID!) { deletePhoto(input: { id: $id }) { deletedId } }
`;

export const PHOTO_CHANGED = `
  subscription PhotoChanged($albumId: ID!) {
    photoChanged(albumId: $albumId) { kind photoId photo { ...PhotoParts } }
  }
  ${PHOTO}
`;
