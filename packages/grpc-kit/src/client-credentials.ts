/**
 * Credentials that do the TLS handshake themselves: they know every socket of the connection, so that `close` can wait for
 * its real end (grpc-js tells nobody), they do not announce an IP address as server name, and their errors name the peer.
 */

import { isIP, type Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import { errorMessage } from "@isthmus/std";

export interface ClientTls {
  /** PEM bundle: trust these and nothing else. Absent: the system's roots. */
  readonly ca?: string;
  /** Accept any certificate. */
  readonly skipVerify?: boolean;
  /** PEM: the certificate to show where the server asks for one, and its key. */
  readonly certificate?: string;
  readonly privateKey?: string;
}

interface SecureConnector {
  connect(socket: Socket): Promise<{ socket: Socket; secure: boolean }>;
  waitForReady(): Promise<void>;
  getCallCredentials(): CallCredentials;
  destroy(): void;
}

export class TrackingCredentials extends ChannelCredentials {
  readonly #host: string;
  readonly #port: number;
  readonly #tls: { readonly context: SecureContext; readonly skipVerify: boolean } | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #unfinished = new Set<Socket>();
  #isClosed = false;
  #wasLost = false;

  constructor(target: { readonly host: string; readonly port: number; readonly tls?: ClientTls }) {
    super();
    this.#host = target.host;
    this.#port = target.port;
    this.#tls = target.tls && {
      context: createSecureContext({
        minVersion: "TLSv1.2",
        ...(target.tls.ca === undefined ? {} : { ca: target.tls.ca }),
        ...(target.tls.certificate === undefined ? {} : { cert: target.tls.certificate }),
        ...(target.tls.privateKey === undefined ? {} : { key: target.tls.privateKey }),
      }),
      skipVerify: target.tls.skipVerify ?? false,
    };
  }

  /** Cuts what is not connected yet, uses no socket any more, and resolves when none is left; `force` hurries. */
  async closed(): Promise<void> {
    this.#isClosed = true;
    for (const socket of this.#unfinished) socket.destroy();
    await Promise.all(
      [...this.#sockets].map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()))),
    );
  }

  force(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  override _isSecure(): boolean {
    return this.#tls !== undefined;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(_target: unknown, _options: unknown, credentials?: CallCredentials): SecureConnector {
    return {
      connect: (socket) => this.#secure(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => credentials ?? CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  async #secure(socket: Socket): Promise<{ socket: Socket; secure: boolean }> {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // grpc-js connects again on the next call after a loss; one object here is one connection.
    if (this.#isClosed || this.#wasLost) {
      socket.destroy();
      throw new Error(this.#isClosed ? "connection closed" : "connection lost");
    }
    this.#unfinished.add(socket);
    const secured = await this.#handshakeIfSecure(socket).finally(() => this.#unfinished.delete(socket));
    socket.once("close", () => {
      this.#wasLost = true;
    });
    return secured;
  }

  async #handshakeIfSecure(socket: Socket): Promise<{ socket: Socket; secure: boolean }> {
    if (this.#tls === undefined) return { socket, secure: false };
    const where = `${this.#host}:${this.#port}`;
    const tlsSocket = await this.#handshake(socket, this.#tls).catch((error: unknown) => {
      throw new Error(`TLS with ${where} failed: ${errorMessage(error)}`, { cause: error });
    });
    if (tlsSocket.alpnProtocol !== "h2") {
      tlsSocket.destroy();
      throw new Error(`TLS with ${where} failed: the server does not speak HTTP/2`);
    }
    return { socket: tlsSocket, secure: true };
  }

  #handshake(
    socket: Socket,
    tls: { readonly context: SecureContext; readonly skipVerify: boolean },
  ): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const tlsSocket = connect({
        socket,
        host: this.#host,
        // RFC 6066 allows no IP address as server name; the certificate is checked against `host` all the same.
        ...(isIP(this.#host) === 0 ? { servername: this.#host } : {}),
        ALPNProtocols: ["h2"],
        secureContext: tls.context,
        rejectUnauthorized: !tls.skipVerify,
      });
      tlsSocket.once("secureConnect", () => resolve(tlsSocket));
      // Stays attached: an error after the handshake is reported by the session, and must not be uncaught here.
      tlsSocket.on("error", reject);
      tlsSocket.once("close", () => reject(new Error("the server closed the connection")));
    });
  }
}
