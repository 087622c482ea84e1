/**
 * Builds the script that sites load, static/embed/embed.min.js, and the same compressed.
 *
 *     npm ci && npm run loader
 *
 * The result is committed: neither the server nor its image needs Node. `node loader.mjs --check` only says whether it
 * is that of the sources.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import { build, transform } from "esbuild";

process.chdir(import.meta.dirname);
const OUT = "../embed/embed.min.js";
const target = ["es2022", "chrome111", "firefox119", "safari16.4"];

/** A style sheet becomes its own minified text. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const { outputFiles, metafile } = await build({
  absWorkingDir: import.meta.dirname, // esbuild was imported before the change of directory
  entryPoints: ["../embed/loader.js"],
  outfile: OUT,
  write: false,
  metafile: true,
  bundle: true,
  minify: true,
  format: "iife",
  target,
  charset: "utf8",
  legalComments: "none",
  plugins: [styles],
  logLevel: "warning",
});

// What it was made of, so that a test can tell without Node whether it still is.
const sources = createHash("sha256");
for (const path of Object.keys(metafile.inputs).sort()) sources.update(await readFile(path));
const banner = `/*! Parley, Apache-2.0, made of ${sources.digest("hex").slice(0, 16)} */\n`;
const built = Buffer.concat([Buffer.from(banner), outputFiles[0].contents]);

if (process.argv.includes("--check")) {
  const compressed = await readFile(`${OUT}.br`);
  if (!built.equals(await readFile(OUT)) || !built.equals(brotliDecompressSync(compressed))) {
    console.error("static/embed/embed.min.js is not that of its sources: cd static/vendor && npm run loader");
    process.exit(1);
  }
} else {
  await writeFile(OUT, built);
  await writeFile(`${OUT}.br`, brotliCompressSync(built));
}
