/**
 * Asks the admin APIs of Envoys: over TLS of both sides, with certificates of the CA that the zone has for this alone.
 * Source: kuma v2.14.3: pkg/envoy/admin/client.go.
 */
import { type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { type CaKeyPair, CertificateAuthority, type WorkloadCertificate } from "@isthmus/identity";
import { type Clock, err, errorMessage, ok, type Result } from "@isthmus/std";
import { ADMIN_CLIENT } from "../proxies/admin-wish.ts";

export interface AdminQuery {
  readonly host: string;
  readonly port: number;
  /** With the query: `/stats?usedonly`. */
  readonly path: string;
  /** Undefined: in plaintext, which an Envoy offers to its own machine alone. */
  readonly ca: CaKeyPair | undefined;
}

/** What Envoy printed, or why there is nothing. */
export type AskEnvoy = (query: AdminQuery) => Promise<Result<string, string>>;

const CONNECT_TIMEOUT_MS = 3_000;
const TIMEOUT_MS = 5_000;
/** A mesh of 1,000 services prints some 10 MiB. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;
const CERTIFICATE_VALID_MS = 24 * 3_600_000;

export function envoyAdminClient(clock: Clock): AskEnvoy {
  const certificates = new ClientCertificates(clock);
  return async (query) => {
    const { ca } = query;
    if (ca === undefined) return exchange(query, undefined, clock);
    const certificate = await certificates.of(ca);
    return certificate.ok ? exchange(query, { ca, own: certificate.value }, clock) : certificate;
  };
}

interface Tls {
  readonly ca: CaKeyPair;
  readonly own: WorkloadCertificate;
}

function exchange(
  { host, port, path }: AdminQuery,
  tls: Tls | undefined,
  clock: Clock,
): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    const target = { host, port, path, agent: false };
    const call: ClientRequest =
      tls === undefined
        ? plainRequest(target)
        : tlsRequest({ ...target, ca: tls.ca.cert, cert: tls.own.chain, key: tls.own.key, minVersion: "TLSv1.2" });
    const giveUp = (reason: string) => () => void call.destroy(new Error(reason));
    const connecting = clock.setTimeout(giveUp("no connection in time"), CONNECT_TIMEOUT_MS);
    const answering = clock.setTimeout(giveUp("no answer in time"), TIMEOUT_MS);
    const settle = (result: Result<string, string>): void => {
      connecting.cancel();
      answering.cancel();
      resolve(result);
    };
    call.once("socket", (socket) => {
      socket.once(tls === undefined ? "connect" : "secureConnect", () => connecting.cancel());
    });
    call.once("error", (error) => settle(err(reasonOf(error))));
    call.once("response", (response) => void read(response).then(settle, (error) => settle(err(reasonOf(error)))));
    call.end();
  });
}

/** Those of OpenSSL have several lines. */
function reasonOf(error: unknown): string {
  const [first = ""] = errorMessage(error).split("\n");
  return first;
}

/** @throws when the connection ends before the answer does */
async function read(response: IncomingMessage): Promise<Result<string, string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    // Leaving the loop ends the connection.
    if (size > ANSWER_MAX_BYTES) return err(`its answer is longer than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (response.statusCode !== 200) return err(`its answer has the status ${response.statusCode}`);
  return ok(Buffer.concat(chunks).toString());
}

/** What the control plane shows: made for the last CA, and anew before it ends. */
class ClientCertificates {
  readonly #clock: Clock;
  #last: { readonly ca: CaKeyPair; readonly certificate: WorkloadCertificate } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async of(ca: CaKeyPair): Promise<Result<WorkloadCertificate, string>> {
    const last = this.#last;
    const now = this.#clock.now();
    const isOfCa = last !== undefined && last.ca.cert === ca.cert && last.ca.key === ca.key;
    if (isOfCa && now < last.certificate.expiresAtMs - CERTIFICATE_VALID_MS / 2) return ok(last.certificate);
    const authority = CertificateAuthority.open(ca);
    if (!authority.ok) return authority;
    const certificate = await authority.value.issue({
      hosts: [ADMIN_CLIENT],
      purpose: "client",
      nowMs: now,
      validForMs: CERTIFICATE_VALID_MS,
    });
    this.#last = { ca, certificate };
    return ok(certificate);
  }
}
