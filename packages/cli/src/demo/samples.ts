/** The samples of the demo: in the repository beside the packages; the bundle is three folders below its root. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "../exit-code.ts";

export function samplesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const folder of [join(here, "../../../deploy/demo"), join(here, "../../../../deploy/demo")]) {
    if (existsSync(folder)) return folder;
  }
  throw new CommandError("the folder deploy/demo is missing");
}
