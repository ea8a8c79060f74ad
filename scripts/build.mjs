// Everything a fresh clone needs after `npm ci`: generated code, then one bundle for the programs.
//   node scripts/build.mjs             generate and bundle
//   node scripts/build.mjs --generate  generated code only
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateEnvoyMessages } from "./envoy-protos.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** By file of `packages/cli/src`, what is loaded only when it is run. */
const BESIDE_THE_COMMAND = {
  "global-service.ts": "isthmus-global",
  "zone-service.ts": "isthmus-zone",
  "dp-runner.ts": "isthmus-dp",
  "demo/demo.ts": "isthmus-demo",
};

generateProtobuf();
await generateEnvoyMessages(root);
generateTypeList();
if (!process.argv.includes("--generate")) await bundle();

/** TypeScript from our .proto descriptions. */
function generateProtobuf() {
  const folder = join(root, "packages/proto");
  if (!existsSync(join(folder, "buf.gen.yaml"))) return;
  const result = spawnSync(join(root, "node_modules/.bin/buf"), ["generate"], { cwd: folder, stdio: "inherit" });
  if (result.status !== 0) throw new Error("buf generate failed");
}

/** The list of all resource types: one file in resources/src/types is one type, nothing else to edit. */
function generateTypeList() {
  const folder = join(root, "packages/resources/src/types");
  if (!existsSync(folder)) return;
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.endsWith(".gen.ts"))
    .map((file) => file.slice(0, -3))
    .sort();
  const lines = [
    "// Made by scripts/build.mjs from the files of this folder.",
    'import type { TypeDescriptor } from "../type-descriptor.ts";',
    ...names.map((name, i) => `import { descriptor as type${i} } from "./${name}.ts";`),
    "",
    `export const builtinTypes: readonly TypeDescriptor[] = [${names.map((_, i) => `type${i}`).join(", ")}];`,
    "",
  ];
  writeIfChanged(join(folder, "all.gen.ts"), lines.join("\n"));
}

/** What runs for long stays out of the command, which loads it when it runs it. */
function besideTheCommand(build) {
  build.onResolve({ filter: /\.ts$/ }, ({ kind, path }) => {
    const name = kind === "dynamic-import" ? path.slice(path.lastIndexOf("/") + 1) : "";
    const file = Object.entries(BESIDE_THE_COMMAND).find(([source]) => source.endsWith(name))?.[1];
    return name !== "" && file !== undefined ? { path: `./${file}.js`, external: true } : undefined;
  });
}

/**
 * Few files for the `isthmus` command: it starts in a fraction of the time that hundreds of modules take, and loads the services only to
 * run them. Worker threads have files of their own beside it, by the names that the programs start them with.
 */
async function bundle() {
  const entry = join(root, "packages/cli/src/main.ts");
  if (!existsSync(entry)) return;
  const { build } = await import("esbuild");
  await build({
    entryPoints: {
      isthmus: entry,
      "isthmus-service": join(root, "packages/cli/src/service-main.ts"),
      ...Object.fromEntries(
        Object.entries(BESIDE_THE_COMMAND).map(([source, name]) => [name, join(root, "packages/cli/src", source)]),
      ),
      "what-if-worker": join(root, "packages/zone/src/topology-api/what-if-worker.ts"),
    },
    outdir: join(root, "packages/cli/dist"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: true,
    // Less to read at every start; names stay as they are in stack traces.
    minifyWhitespace: true,
    logLevel: "warning",
    conditions: ["@isthmus/source"],
    // Not split by esbuild: what is required and imported would lose its named exports.
    plugins: [{ name: "beside the command", setup: besideTheCommand }],
    // Native addons, and modules that find files beside themselves, stay outside of the bundle.
    external: ["lmdb"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  // Files that are served as they are, found beside the bundle as they are found beside their source.
  cpSync(join(root, "packages/api-server/src/gui/gui-page"), join(root, "packages/cli/dist/gui-page"), {
    recursive: true,
  });
}

function writeIfChanged(file, text) {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  writeFileSync(file, text);
}
