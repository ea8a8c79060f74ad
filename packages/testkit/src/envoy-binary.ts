/**
 * Where the real Envoy is: `ISTHMUS_ENVOY`, else on `PATH`, else where `npm test` puts it. Undefined: there is none, and what needs it is
 * skipped by name.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const TOOL = join(import.meta.dirname, "../../../.tools/envoy/envoy/_bin/envoy");

export function envoyBinary(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { ISTHMUS_ENVOY: named, PATH: path = "" } = environment;
  const candidates = [
    ...(named === undefined || named === "" ? [] : [named]),
    ...path.split(delimiter).map((folder) => join(folder, "envoy")),
    TOOL,
  ];
  return candidates.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
