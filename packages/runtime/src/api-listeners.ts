/** Where the REST server listens, with which certificates, and how much of whom; the same on a global and on a zone. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ApiServerOptions, ApiTls } from "@isthmus/api-server";
import { loadCaBundle } from "@isthmus/grpc-kit";
import { errorMessage } from "@isthmus/std";
import type { Config } from "./config/schema.ts";
import type { Instance } from "./instance.ts";
import { serverTls } from "./server-tls.ts";

type ListenerOptions = Pick<
  ApiServerOptions,
  "host" | "port" | "tls" | "bodyLimit" | "rateLimit" | "corsAllowedDomains" | "clock"
>;

const CERTIFICATE_FILE = /\.(?:pem|crt)$/;

/** The folder of client certificates cannot be read. The message names the setting. */
export class ClientCertificatesError extends Error {
  readonly code = "CLIENT_CERTIFICATES";
}

export async function apiListeners({ config, clock, folder, certificates }: Instance): Promise<ListenerOptions> {
  const { http, https, rateLimit, maxBodyBytes, corsAllowedDomains } = config.apiServer;
  const tls = https.enabled ? await tlsOf(config, folder, clock.now()) : undefined;
  certificates.watch("api", () => tls?.certificate);
  return {
    clock,
    ...(http.enabled && { host: http.interface, port: http.port }),
    ...(tls !== undefined && { tls }),
    bodyLimit: maxBodyBytes,
    rateLimit,
    corsAllowedDomains,
  };
}

/** For the log of the start. */
export function apiPorts({ apiServer: { http, https } }: Config): { readonly rest?: number; readonly https?: number } {
  return { ...(http.enabled && { rest: http.port }), ...(https.enabled && { https: https.port }) };
}

async function tlsOf(config: Config, folder: string, nowMs: number): Promise<ApiTls> {
  const { https } = config.apiServer;
  const tls = await serverTls("apiServer.https", config, folder, nowMs);
  const clientCa = await clientCaOf(config);
  return {
    ...tls,
    host: https.interface,
    port: https.port,
    ...(clientCa !== "" && { clientCa, requireClientCertificate: https.requireClientCert }),
  };
}

/** Every certificate of the folder and of the file; "" where neither is set. Source: kuma v2.14.3: pkg/api-server/server.go. */
async function clientCaOf({ apiServer: { https, auth } }: Config): Promise<string> {
  const setting = "apiServer.auth.clientCertsDir";
  const files = (await certificateFiles(auth.clientCertsDir, setting)).map((path) => ({ path, setting }));
  if (https.tlsCaFile !== "") files.push({ path: https.tlsCaFile, setting: "apiServer.https.tlsCaFile" });
  return (await Promise.all(files.map(loadCaBundle))).join("\n");
}

async function certificateFiles(folder: string, setting: string): Promise<readonly string[]> {
  if (folder === "") return [];
  try {
    const names = await readdir(folder);
    return names.filter((name) => CERTIFICATE_FILE.test(name)).map((name) => join(folder, name));
  } catch (error) {
    throw new ClientCertificatesError(`${folder} (${setting}) cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
