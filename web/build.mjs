// build.mjs -- Bundles the page's files into one of each kind, by esbuild.
//
// Usage: node build.mjs OUTPUT_DIRECTORY   (gets index.html, page.css, page.js)
import { copyFileSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

if (process.argv.length !== 3) {
  console.error("usage: node build.mjs OUTPUT_DIRECTORY");
  process.exit(2);
}
const output = resolve(process.argv[2]);
const { build } = await import("esbuild").catch(() => {
  console.error("web/node_modules is missing: tools/page.sh fetches it");
  process.exit(1);
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

mkdirSync(output, { recursive: true });
await build({
  entryPoints: { page: here("main.js") },
  outdir: output,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  banner: { js: "/*! oomlab's page, with uPlot (c) Leon Sorokin, MIT licence */" },
  logLevel: "error",
  absWorkingDir: here("."),
}).catch(() => process.exit(1));
await build({
  entryPoints: { page: here("page.css") },
  outdir: output,
  bundle: true,
  minify: true,
  charset: "utf8",
  logLevel: "error",
  absWorkingDir: here("."),
}).catch(() => process.exit(1));
copyFileSync(here("index.html"), `${output}/index.html`);
