/** Which Envoy is run, and its version. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/envoy/envoy.go. */
import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import { err, errorMessage, ok, type Result } from "@isthmus/std";

/** Where scripts/envoy-tool.mjs puts it; the sources and the bundle are equally deep in the repository. */
const TOOL = join(import.meta.dirname, "../../../.tools/envoy/envoy/_bin/envoy");
const VERSION_TIMEOUT_MS = 10_000;
/** Minor versions of Envoy 1 that this version was made with (Kuma's own) or tested with. */
const COMPATIBLE_MINORS = { from: 38, to: 40 };

export interface EnvoyVersion {
  /** Such as `1.40.0`. */
  readonly version: string;
  /** `<revision>/<version>/<status>/<build type>/<ssl library>`. */
  readonly build: string;
  readonly isCompatible: boolean;
}

const DEFAULT_NAME = "envoy";

/** @param wanted a path, or a name that is looked for on `PATH`; by default also what `ISTHMUS_ENVOY` names and what tests use */
export function findEnvoy(wanted = DEFAULT_NAME, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (wanted.includes("/")) return [resolve(wanted)].find(isExecutable);
  const { ISTHMUS_ENVOY: named = "", PATH: path = "" } = env;
  const onPath = path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, wanted));
  return (wanted === DEFAULT_NAME ? [named, ...onPath, TOOL] : onPath).find(isExecutable);
}

export async function envoyVersion(binary: string): Promise<Result<EnvoyVersion, string>> {
  try {
    const { stdout } = await promisify(execFile)(binary, ["--version"], { timeout: VERSION_TIMEOUT_MS });
    return parseEnvoyVersion(stdout);
  } catch (error) {
    return err(`${binary} --version: ${errorMessage(error)}`);
  }
}

export function parseEnvoyVersion(text: string): Result<EnvoyVersion, string> {
  const build = /version:\s*(?<build>\S+)/.exec(text)?.groups?.["build"] ?? "";
  const parts = build.split("/");
  const [, version = ""] = parts;
  if (parts.length !== 5) return err(`no version of an Envoy: ${JSON.stringify(text.trim().slice(0, 200))}`);
  const [major, minor = Number.NaN] = version.split(".").map(Number);
  const isCompatible = major === 1 && minor >= COMPATIBLE_MINORS.from && minor <= COMPATIBLE_MINORS.to;
  return ok({ version, build, isCompatible });
}

function isExecutable(file: string): boolean {
  if (file === "") return false;
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
