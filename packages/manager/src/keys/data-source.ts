/** Reads certificates and keys from where a mesh says they are. Source: kuma v2.14.3: pkg/core/datasource/dynamic.go. */
import { readFileSync, statSync } from "node:fs";
import type { LoadDataSource } from "@isthmus/resources";
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";

/** Chains of certificates are some KiB long. */
const FILE_MAX_BYTES = 1024 * 1024;
/** Of Go, whose texts Kuma shows. */
const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
};

/** Secrets are those of the mesh. */
export function dataSourceLoader(mesh: string, store: Store): LoadDataSource {
  return (source) => {
    switch (source.kind) {
      case "inline":
        return ok(source.bytes);
      case "inlineString":
        return ok(Buffer.from(source.text));
      case "file":
        return readRegularFile(source.text);
      case "secret":
        return readSecret(store, mesh, source.text);
    }
  };
}

function readSecret(store: Store, mesh: string, name: string): Result<Uint8Array, string> {
  const data = store.get({ type: "Secret", mesh, name })?.spec["data"];
  if (data === undefined) return err(`resource not found: type="Secret" name="${name}" mesh="${mesh}"`);
  return ok(Buffer.from(typeof data === "string" ? data : "", "base64"));
}

/** Whoever may write a mesh chooses the path, so a pipe or an endless device must not stop the process. */
function readRegularFile(path: string): Result<Uint8Array, string> {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return err(`open ${path}: not a regular file`);
    if (stats.size > FILE_MAX_BYTES) return err(`read ${path}: more than ${FILE_MAX_BYTES} bytes`);
    return ok(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return err(`open ${path}: ${FILE_ERRORS[code] ?? errorMessage(error)}`);
  }
}
