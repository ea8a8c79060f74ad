/**
 * The file with the profiles: read and written whole, never readable by others, replaced in one step so that a command that
 * is ended in the middle leaves the old one.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { errorMessage } from "@isthmus/std";
import { CommandError, ExitCode } from "../exit-code.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { formatProfiles, NO_PROFILES, type Profiles, parseProfiles } from "./profile.ts";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** `ISTHMUS_PROFILES`, else `.isthmus/profiles.yaml` in the home folder. */
export function profileFile({ env }: Pick<Terminal, "env">): string {
  return env["ISTHMUS_PROFILES"] || join(env["HOME"] || homedir(), ".isthmus", "profiles.yaml");
}

/** No file: no profiles. Says so when others may read it. */
export function loadProfiles(terminal: Terminal): Profiles {
  const file = profileFile(terminal);
  let document: string;
  try {
    document = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return NO_PROFILES;
    throw new CommandError(`cannot read the profiles: ${errorMessage(error)}`, ExitCode.usage);
  }
  if (process.platform !== "win32" && (statSync(file).mode & OTHERS) !== 0) {
    printLine(terminal.stderr, `warning: others may read ${file}, which may hold tokens; run: chmod 600 ${file}`);
  }
  const parsed = parseProfiles(document);
  if (parsed.ok) return parsed.value;
  throw new CommandError(parsed.error.map((problem) => `${file}: ${problem}`).join("\n"), ExitCode.usage);
}

export function saveProfiles(terminal: Terminal, profiles: Profiles): void {
  const file = profileFile(terminal);
  const next = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(next, formatProfiles(profiles), { mode: OWNER_ONLY });
    // The mode of writeFileSync is for new files only.
    chmodSync(next, OWNER_ONLY);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw new CommandError(`cannot write the profiles: ${errorMessage(error)}`);
  }
}
