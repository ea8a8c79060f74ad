/** A worker thread's file for a test: threads do not understand TypeScript. Made as scripts/build.mjs makes the real one. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tempFolder } from "@isthmus/testkit";
import { build } from "esbuild";

/** `entry`: path from this file. */
export async function bundledWorker(entry: string): Promise<{ readonly url: URL; remove(): Promise<void> }> {
  const folder = await tempFolder();
  const file = join(folder.path, "worker.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@isthmus/source"],
    external: ["lmdb"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return { url: pathToFileURL(file), remove: () => folder.remove() };
}
