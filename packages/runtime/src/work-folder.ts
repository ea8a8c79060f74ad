/** Where a program keeps its certificates and its data. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Config } from "./config/schema.ts";

const OWNER_ONLY = 0o700;

/** Creates the folder when it is missing. */
export function workFolder(config: Config, name: string): string {
  const folder = config.general.workDir === "" ? join(homedir(), ".isthmus", name) : resolve(config.general.workDir);
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
  return folder;
}

export function dataFolder(config: Config, folder: string): string {
  return config.store.lmdb.folder === "" ? join(folder, "data") : resolve(config.store.lmdb.folder);
}
