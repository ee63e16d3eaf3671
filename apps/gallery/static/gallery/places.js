// The page's addresses: what stands behind the # says what the wall shows.

export const HOME = "#";

export function albumPlace(id) {
  return `#album=${encodeURIComponent(id)}`;
}

export function tagPlace(name) {
  return `#tag=${encodeURIComponent(name)}`;
}

// Returns { album }, { tag }, { reset } or, for the whole wall, {}.
export function currentPlace() {
  const [, kind, value] = location.hash.match(/^#(album|tag|reset)=(.+)$/) ?? [];
  return kind ? { [kind]: decodeURIComponent(value) } : {};
}
