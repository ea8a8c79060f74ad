/** The second door: the same routes over TLS, with certificates of clients where an operator wants them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { answerClientError, refuseTunnel } from "./client-error.ts";
import { HTTP_LIMITS, REQUEST_TIMEOUT_MS } from "./http-limits.ts";

export interface ApiTls {
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  /** Default TLSv1.2. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names, first choice first, with colons between; by default those of Node. */
  readonly ciphers?: string;
  /** PEM bundle: clients are asked for a certificate, and what they show has to be covered. */
  readonly clientCa?: string;
  /** Nobody gets in without a certificate. Needs `clientCa`. */
  readonly requireClientCertificate?: boolean;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

export class TlsListener {
  readonly #options: ApiTls;
  readonly #server: Server;

  constructor(options: ApiTls, answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const { certificate, privateKey, minVersion = "TLSv1.2", maxVersion, ciphers, clientCa } = options;
    this.#options = options;
    this.#server = createServer(
      {
        ...HTTP_LIMITS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        cert: certificate,
        key: privateKey,
        minVersion,
        ...(maxVersion === undefined ? {} : { maxVersion }),
        ...(ciphers === undefined ? {} : { ciphers }),
        // A certificate that is not covered ends the handshake only where one is required; elsewhere its owner is nobody.
        ...(clientCa === undefined
          ? {}
          : { ca: clientCa, requestCert: true, rejectUnauthorized: options.requireClientCertificate === true }),
      },
      answer,
    );
    this.#server.on("clientError", answerClientError);
    this.#server.on("connect", (_request, socket: Socket) => refuseTunnel(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return address === null ? this.#options.port : (address as AddressInfo).port;
  }

  async start(): Promise<void> {
    const { host = "127.0.0.1", port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  /** Resolves when nobody is connected any more. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  cutOff(): void {
    this.#server.closeAllConnections();
  }
}
