/**
 * Builds each third-party library into one minified ES module beside this file, with its licence.
 *
 *     npm ci && npm run build
 *
 * The result is committed: neither the server nor its image needs Node. A second run changes nothing.
 */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { build } from "esbuild";

/** What to bundle, and which files of the package are its licence. */
const libraries = [
  { name: "marked", entry: 'export { Lexer, Marked, Parser } from "marked";', licenses: ["LICENSE"] },
  { name: "dompurify", entry: 'export { default } from "dompurify";', licenses: ["LICENSE", "LICENSE-MPL"] },
  { name: "highlight.js", entry: 'export { default } from "./entries/highlight.mjs";', licenses: ["LICENSE"] },
  { name: "katex", entry: 'export { default } from "katex";', licenses: ["LICENSE"] },
];

await rm("licenses", { recursive: true, force: true });
await mkdir("licenses");

for (const { name, entry, licenses } of libraries) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const stem = name.replace(/\.js$/, "");
  await build({
    stdin: { contents: entry, resolveDir: "." },
    outfile: `${stem}.js`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    banner: { js: `/*! ${name} ${version}, ${license}: see licenses/ */` },
    logLevel: "warning",
  });
  for (const file of licenses) await copyFile(`${folder}/${file}`, `licenses/${stem}.${file}.txt`);
}

/** With what the tests look for mistakes in accessibility; its licence stands in the file. */
await copyFile("node_modules/axe-core/axe.min.js", "../../tests/browser/axe.min.js");
