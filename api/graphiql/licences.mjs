// Collects the licence texts of the packages that a bundle was made of. A package without one stops the build.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

export function licencesOf(inputs) {
  const folders = new Set(inputs.map((path) => path.match(PACKAGE)?.[1]).filter(Boolean));
  const entries = [...folders].map(entryOf).sort((one, other) => one.title.localeCompare(other.title, "en"));
  return [
    "graphiql.js and graphiql.css are made of the packages below, by `make graphiql`.\n",
    ...entries.map(({ title, text }) => `${"-".repeat(80)}\n${title}\n\n${text.trim()}\n`),
  ].join("\n");
}

function entryOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const text = textIn(folder) ?? textIn(`node_modules/${SIBLINGS[name]}`);
  if (text === undefined) throw new Error(`Cannot find the licence text of ${name} ${version} (${license}).`);
  return { title: `${name} ${version} (${license})`, text };
}

// Packages that leave the text out of what they publish, and one by the same authors under the same licence that has it.
const SIBLINGS = {
  "@graphiql/plugin-doc-explorer": "graphiql",
  "@graphiql/plugin-history": "graphiql",
  "react-compiler-runtime": "react",
  "react-remove-scroll-bar": "react-remove-scroll",
  "toggle-selection": "copy-to-clipboard",
};

function textIn(folder) {
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  return file && readFileSync(`${folder}/${file}`, "utf8");
}
