/** Envoy's admin interface, on a unix socket or a port of this machine. */
import { request } from "node:http";
import { isJsonObject, type JsonValue } from "@isthmus/std";

const TIMEOUT_MS = 10_000;

export type AdminAddress =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "port"; readonly address: string; readonly port: number };

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export class EnvoyAdmin {
  readonly address: AdminAddress;

  constructor(address: AdminAddress) {
    this.address = address;
  }

  get(path: string, options: AskOptions = {}): Promise<AdminAnswer> {
    return this.#ask("GET", path, options);
  }

  /** @throws when the answer is not 200 */
  async post(path: string): Promise<void> {
    const { status, body } = await this.#ask("POST", path, {});
    if (status !== 200) throw new Error(`Envoy answered POST ${path} with ${status} ${body.toString().trim()}`);
  }

  #ask(method: string, path: string, { headers = {}, timeoutMs = TIMEOUT_MS }: AskOptions): Promise<AdminAnswer> {
    const target =
      this.address.kind === "socket"
        ? { socketPath: this.address.path }
        : { host: this.address.address, port: this.address.port };
    return new Promise((resolve, reject) => {
      const call = request({ ...target, method, path, headers: { host: "localhost", ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      call.setTimeout(timeoutMs, () => call.destroy(new Error(`no answer from Envoy within ${timeoutMs} ms`)));
      call.once("error", reject);
      call.end();
    });
  }
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Where a bootstrap says that it is; undefined: nowhere. */
export function adminAddressOf(bootstrap: JsonValue): AdminAddress | undefined {
  const address = member(member(bootstrap, "admin"), "address");
  const path = member(member(address, "pipe"), "path");
  if (typeof path === "string") return { kind: "socket", path };
  const socket = member(address, "socketAddress");
  const [host, port] = [member(socket, "address"), member(socket, "portValue")];
  return typeof host === "string" && typeof port === "number" ? { kind: "port", address: host, port } : undefined;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
