/**
 * What a folder holds before anything in it is touched. The marker says that it is ours, in which format, and whether
 * creating it was ever finished: until then nothing was acknowledged and what is there may be thrown away.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, isJsonObject } from "@isthmus/std";
import { StoreError } from "../errors.ts";
import { isLockFile } from "./folder-lock.ts";

export const STORE_FORMAT = 1;
export const MARKER_FILE = "isthmus-store.json";
const MARKER_DRAFT = `${MARKER_FILE}.tmp`;
const PRODUCT = "isthmus-store";
/** Of the file system itself, at the root of a fresh volume. */
const LOST_AND_FOUND = "lost+found";
const NAMES_SHOWN = 3;

export interface Marker {
  readonly state: "creating" | "ready";
  readonly historyId: string;
}

/**
 * The marker, or undefined for a folder that is empty. Throws a StoreError: FOREIGN when the folder holds something that
 * is not ours or of a newer format, DAMAGED when our marker is unreadable. Only reads.
 */
export function inspectFolder(folder: string): Marker | undefined {
  const names = readdirSync(folder).filter(
    (name) => !isLockFile(name) && name !== MARKER_DRAFT && name !== LOST_AND_FOUND,
  );
  if (names.length === 0) return undefined;
  if (names.includes(MARKER_FILE)) return readMarker(folder);
  const shown = names.sort().slice(0, NAMES_SHOWN).join(", ");
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : "";
  throw new StoreError(
    "FOREIGN",
    `the folder ${folder} is not a store: it has no ${MARKER_FILE} but holds ${shown}${more}`,
  );
}

/** Atomic, and on disk when it returns. */
export function writeMarker(folder: string, marker: Marker): void {
  const draft = join(folder, MARKER_DRAFT);
  try {
    writeFileSync(draft, `${JSON.stringify({ product: PRODUCT, format: STORE_FORMAT, ...marker })}\n`, { flush: true });
    renameSync(draft, join(folder, MARKER_FILE));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readMarker(folder: string): Marker {
  const path = join(folder, MARKER_FILE);
  const marker = parse(path, readFileSync(path, "utf8"));
  if (marker.product !== PRODUCT) throw new StoreError("FOREIGN", `${path} is not the marker of a store`);
  if (typeof marker.format !== "number") throw damaged(path, "it names no format");
  if (marker.format > STORE_FORMAT) {
    const message = `the store in ${folder} was written by a newer version: format ${marker.format}, this version reads up to ${STORE_FORMAT}`;
    throw new StoreError("FOREIGN", message);
  }
  const { state, historyId } = marker;
  if (state !== "creating" && state !== "ready") throw damaged(path, "it names no state");
  if (typeof historyId !== "string" || historyId === "") throw damaged(path, "it names no history");
  return { state, historyId };
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw damaged(path, errorMessage(error), error);
  }
  throw damaged(path, "it is not a JSON object");
}

function damaged(path: string, why: string, cause?: unknown): StoreError {
  return new StoreError("DAMAGED", `${path} is damaged: ${why}`, { cause });
}
