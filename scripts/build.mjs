// Everything a fresh clone needs after `npm ci`: generated code, then bundles for the programs.
//   node scripts/build.mjs             generate and bundle
//   node scripts/build.mjs --generate  generated code only
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileBundle } from "../packages/cli/bin/bundle.js";
import { generateEnvoyMessages } from "./envoy-protos.mjs";
import { keepCompiled } from "./keep-compiled.mjs";

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
if (!process.argv.includes("--generate")) await bundles();

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
    return name !== "" && file !== undefined ? { path: `./${file}.cjs`, external: true } : undefined;
  });
}

/**
 * Few files for the `isthmus` command: it starts in a fraction of the time that hundreds of modules take, and loads the services only to
 * run them. Each has beside it what V8 compiled from it, see `packages/cli/bin/bundle.js`.
 */
async function bundles() {
  const source = join(root, "packages/cli/src");
  if (!existsSync(source)) return;
  const { build } = await import("esbuild");
  const dist = join(root, "packages/cli/dist");
  mkdirSync(dist, { recursive: true });
  // V8 tells sources apart by their length alone: none may be found beside another one than its own.
  for (const file of readdirSync(dist)) if (file.startsWith("isthmus")) rmSync(join(dist, file));
  const files = { "main.ts": "isthmus", "service-main.ts": "isthmus-service", ...BESIDE_THE_COMMAND };
  const common = {
    outdir: dist,
    bundle: true,
    platform: "node",
    target: "node20",
    sourcemap: true,
    // Less to read at every start; names stay as they are in stack traces.
    minifyWhitespace: true,
    logLevel: "warning",
    conditions: ["@isthmus/source"],
    // Native addons, and modules that find files beside themselves, stay outside of the bundle.
    external: ["lmdb"],
  };
  await Promise.all([
    build({
      ...common,
      entryPoints: Object.fromEntries(Object.entries(files).map(([file, name]) => [name, join(source, file)])),
      // The only format that V8's compiled code can be kept of.
      format: "cjs",
      outExtension: { ".js": ".cjs" },
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "__importMetaUrl", "import.meta.dirname": "__dirname" },
      banner: {
        js: '(function(exports,require,module,__filename,__dirname){const __importMetaUrl=require("node:url").pathToFileURL(__filename).href;',
      },
      footer: { js: "})" },
      // Not split by esbuild: what is required and imported would lose its named exports.
      plugins: [{ name: "beside the command", setup: besideTheCommand }],
    }),
    // Worker threads have files of their own, by the names that the programs start them with.
    build({
      ...common,
      entryPoints: { "what-if-worker": join(root, "packages/zone/src/topology-api/what-if-worker.ts") },
      format: "esm",
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
    }),
  ]);
  // Files that are served as they are, found beside the bundle as they are found beside their source.
  cpSync(join(root, "packages/api-server/src/gui/gui-page"), join(dist, "gui-page"), { recursive: true });
  for (const name of Object.values(files)) {
    const file = join(dist, `${name}.cjs`);
    writeFileSync(file, inAscii(readFileSync(file, "utf8")));
    writeFileSync(`${file}.cache`, compileBundle(file).createCachedData());
  }
  await keepCompiled();
}

/** Regular expressions and comments keep what esbuild escapes elsewhere. */
function inAscii(text) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/\P{ASCII}/gu, (character) => character.split("").map(escaped).join(""));
}

function writeIfChanged(file, text) {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  writeFileSync(file, text);
}
