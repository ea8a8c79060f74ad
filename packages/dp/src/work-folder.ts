/** The folder of one run: bootstrap, token, unix sockets. Others may enter it to reach a socket by its name, but not list it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { socketPath } from "@isthmus/xds/socket-path";

const FOLDER_MODE = 0o711;
const SECRET_MODE = 0o600;
/** The longest name that has to fit whole: names of sockets are cut at a length that both ends agree on. */
const LONGEST_FIXED_STEM = "kuma-mesh-metric-config";

export class WorkFolder {
  readonly path: string;
  readonly #isTemporary: boolean;

  private constructor(path: string, isTemporary: boolean) {
    this.path = path;
    this.#isTemporary = isTemporary;
  }

  /** @param wanted "": a new temporary folder. @throws when it cannot be made */
  static open(wanted: string): WorkFolder {
    if (wanted === "") {
      const path = mkdtempSync(join(tmpdir(), "isthmus-dp-"));
      chmodSync(path, FOLDER_MODE);
      return new WorkFolder(path, true);
    }
    const path = resolve(wanted);
    mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
    return new WorkFolder(path, false);
  }

  /** For the owner alone; its path. */
  writeSecret(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text, { mode: SECRET_MODE });
    chmodSync(file, SECRET_MODE);
    return file;
  }

  /** As both ends compute it. */
  socket(stem: string): string {
    return socketPath(this.path, stem);
  }

  remove(): void {
    if (this.#isTemporary) rmSync(this.path, { recursive: true, force: true });
  }
}

/** Undefined: sockets fit into it. */
export function workFolderProblem(wanted: string): string | undefined {
  if (wanted === "") return undefined;
  const full = join(resolve(wanted), LONGEST_FIXED_STEM);
  return socketPath(resolve(wanted), LONGEST_FIXED_STEM) === `${full}.sock`
    ? undefined
    : "the path is too long for the unix sockets in it";
}
