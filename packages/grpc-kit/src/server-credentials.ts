/** TLS of a server with what grpc-js's own constructor leaves out: version bounds, cipher suites, and exchange at run time. */

import type { SecureServerOptions } from "node:http2";
import { DEFAULT_CIPHERS, type SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";

export interface ServerTls {
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names, first choice first, with colons between; by default those of Node, AES-128-GCM of TLS 1.3 before all. */
  readonly ciphers?: string;
  /** A peer that has not finished its handshake by then is dropped. */
  readonly handshakeTimeoutMs?: number;
  /**
   * PEM bundle: peers are asked for a client certificate. One that it covers becomes the `peerCertificate` of their calls;
   * others are peers without a certificate, so that a call can tell them what is wrong.
   */
  readonly clientCa?: string;
}

const FASTEST = "TLS_AES_128_GCM_SHA256";
/** Node's, but Go's first choice before all: a zone sends megabytes to each of its proxies. Servers here choose, whatever their clients would like best. */
const CIPHERS = [FASTEST, ...DEFAULT_CIPHERS.split(":").filter((name) => name !== FASTEST)].join(":");

/** Node's own is two minutes, during which everybody who can reach the port holds a socket for nothing. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

export class TlsServerCredentials extends ServerCredentials {
  constructor(tls: ServerTls) {
    super(constructorOptions(tls), secureContextOptions(tls));
  }

  /** New connections see the new certificate, open ones go on. */
  update(tls: ServerTls): void {
    this.updateSecureContextOptions(secureContextOptions(tls));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** Of the server, fixed once it listens. */
export function constructorOptions({ clientCa, handshakeTimeoutMs }: ServerTls): SecureServerOptions {
  return {
    handshakeTimeout: handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
    ...(clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: false }),
  };
}

export function secureContextOptions(tls: ServerTls): SecureContextOptions {
  return {
    cert: tls.certificate,
    key: tls.privateKey,
    minVersion: tls.minVersion ?? "TLSv1.2",
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    ciphers: tls.ciphers ?? CIPHERS,
    ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa }),
  };
}
