// Bundles GraphiQL into api/static/api/graphiql: one script, one style sheet, and the licences of what is in them.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

import { licencesOf } from "./licences.mjs";

const OUTPUT = "../static/api/graphiql";

// The style sheet carries 370 kB of two web fonts. The system's own do as well, and need no licence.
const withoutWebFonts = {
  name: "without-web-fonts",
  setup(bundler) {
    bundler.onLoad({ filter: /graphiql\/dist\/style\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(/@font-face\s*\{[^}]*\}/g, ""),
      loader: "css",
    }));
  },
};

// One file without chunks: a hash in its name, as Django's manifest storage adds, then has no import to break.
const result = await build({
  entryPoints: { graphiql: "page.js" },
  outdir: OUTPUT,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  sourcemap: false,
  legalComments: "none",
  metafile: true,
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [withoutWebFonts],
});

writeFileSync(`${OUTPUT}/LICENCES.txt`, licencesOf(Object.keys(result.metafile.inputs)));
for (const [path, { bytes }] of Object.entries(result.metafile.outputs)) console.log(`${path}  ${Math.round(bytes / 1000)} kB`);
