/**
 * Files of one folder by the path of a request. Nothing outside of the folder is ever served, be it by `..`, by an absolute
 * path or by a link, and no file whose name begins with a dot.
 */
import { createHash } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";

export interface StaticFile {
  readonly contentType: string;
  readonly size: number;
  readonly etag: string;
  /** Its name holds a hash of what is in it, so that it never changes. */
  readonly isImmutable: boolean;
  open(): ReadStream;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};
const UNKNOWN_TYPE = "application/octet-stream";
/** `assets/index-CNNTsErz.js` */
const HASHED = /^assets\/(.*\/)?[^/]+[-.][\w-]{8,}\.\w+$/;

export class StaticFolder {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** @throws {Error} with the code of the file system where the folder cannot be read */
  static async open(folder: string): Promise<StaticFolder> {
    const root = await realpath(folder);
    if (!(await stat(root)).isDirectory()) {
      throw Object.assign(new Error(`${folder} is no folder`), { code: "ENOTDIR" });
    }
    return new StaticFolder(root);
  }

  /** Undefined: there is no such file. `path` is that of the URL behind the folder, still encoded. */
  async find(path: string): Promise<StaticFile | undefined> {
    const parts = partsOf(path);
    if (parts === undefined) return undefined;
    try {
      const file = await realpath(join(this.#root, ...parts));
      if (!file.startsWith(this.#root + sep)) return undefined;
      const { size, mtimeMs, ino } = await stat(file).then((found) => (found.isFile() ? found : Promise.reject()));
      const relative = parts.join("/");
      return {
        contentType: CONTENT_TYPES[extname(file).toLowerCase()] ?? UNKNOWN_TYPE,
        size,
        etag: `"${size.toString(16)}-${Math.round(mtimeMs).toString(16)}-${ino.toString(16)}"`,
        isImmutable: HASHED.test(relative),
        open: () => createReadStream(file),
      };
    } catch {
      return undefined;
    }
  }

  /** Undefined: there is no such file. */
  async text(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#root, name), "utf8");
    } catch {
      return undefined;
    }
  }
}

export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** Decoded, none of which leads elsewhere. */
function partsOf(path: string): readonly string[] | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const parts = decoded.split("/").filter((part) => part !== "");
  const isPlain = parts.every((part) => !part.startsWith(".") && !/[\\\0]/.test(part));
  return parts.length > 0 && isPlain ? parts : undefined;
}
