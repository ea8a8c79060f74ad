/**
 * Answers the workload's questions for names of the mesh, and passes all others to the machine's own nameserver. Over UDP and TCP.
 * Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/dnsproxy/component.go.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, createServer, isIPv6, type Server, type Socket } from "node:net";
import { answer, type DnsQuestion, failure, questionOf, RecordType, UDP_MAX_BYTES } from "./dns-message.ts";
import { type DnsNames, NO_NAMES } from "./dns-names.ts";

const UPSTREAM_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 10_000;
const TCP_MAX_BYTES = 65_535;

export interface DnsServerOptions {
  readonly addresses: readonly string[];
  /** 0: a free one, the same on all addresses. */
  readonly port: number;
  /** For other names; undefined: they cannot be answered. */
  readonly nameserver: { readonly address: string; readonly port: number } | undefined;
  /** An address that cannot be listened on, where another one can. */
  readonly onLeftOut: (address: string, reason: string) => void;
}

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Server[] = [];
  readonly #open = new Set<UdpSocket | Socket>();
  #names: DnsNames = NO_NAMES;
  #port = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** From the next question on. */
  setNames(names: DnsNames): void {
    this.#names = names;
  }

  /** @throws when not even the first address can be listened on */
  async listen(): Promise<void> {
    this.#port = this.#options.port;
    for (const [i, address] of this.#options.addresses.entries()) {
      try {
        await this.#listenOn(address);
      } catch (error) {
        if (i === 0) throw error;
        this.#options.onLeftOut(address, error instanceof Error ? error.message : String(error));
      }
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#open) if ("destroy" in socket) socket.destroy();
    for (const socket of [...this.#udp, ...this.#open]) if ("bind" in socket) socket.close();
    this.#open.clear();
    await Promise.all(this.#tcp.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #listenOn(address: string): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: this.#port, host: address, ipv6Only: isIPv6(address) }, resolve);
    });
    this.#tcp.push(server);
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.#port = bound.port;
    const socket = createSocket(isIPv6(address) ? { type: "udp6", ipv6Only: true } : { type: "udp4" });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(this.#port, address, resolve);
    });
    this.#udp.push(socket);
    socket.removeAllListeners("error").on("error", () => {});
    socket.on("message", (query, peer) => {
      const reply = (message: Buffer): void => socket.send(message, peer.port, peer.address, () => {});
      this.#answer(query, UDP_MAX_BYTES, reply, () => this.#relayByUdp(query, reply));
    });
  }

  #answer(query: Buffer, maxBytes: number, reply: (message: Buffer) => void, relay: () => void): void {
    const question = questionOf(query);
    const isAddress = question?.type === RecordType.a || question?.type === RecordType.aaaa;
    const addresses = question && isAddress ? this.#names.addresses(question.name, question.type) : undefined;
    if (question === undefined || addresses === undefined) return relay();
    reply(answer(query, question, addresses, { ttlSeconds: this.#names.ttlSeconds, maxBytes }));
  }

  #relayByUdp(query: Buffer, reply: (message: Buffer) => void): void {
    const { nameserver } = this.#options;
    const question = questionOf(query);
    if (nameserver === undefined) return refuse(query, question, reply);
    const upstream = createSocket(isIPv6(nameserver.address) ? "udp6" : "udp4");
    this.#open.add(upstream);
    const done = (message: Buffer | undefined): void => {
      if (!this.#open.delete(upstream)) return;
      clearTimeout(limit);
      upstream.close();
      if (message === undefined) refuse(query, question, reply);
      else reply(message);
    };
    const limit = setTimeout(() => done(undefined), UPSTREAM_TIMEOUT_MS);
    upstream.on("error", () => done(undefined));
    upstream.on("message", (message) => {
      // Somebody else's answer is none.
      if (message.byteLength >= 2 && query.byteLength >= 2 && message.readUInt16BE(0) === query.readUInt16BE(0)) {
        done(message);
      }
    });
    // Connected, so that nobody but the nameserver can answer.
    upstream.connect(nameserver.port, nameserver.address, () => upstream.send(query));
  }

  /** Messages over TCP have their length in front. */
  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on("error", () => {});
    socket.once("close", () => this.#open.delete(socket));
    const reply = (message: Buffer): void => void (socket.writable && socket.write(framed(message)));
    onMessages(socket, (query) => this.#answer(query, TCP_MAX_BYTES, reply, () => this.#relayByTcp(query, reply)));
  }

  #relayByTcp(query: Buffer, reply: (message: Buffer) => void): void {
    const { nameserver } = this.#options;
    const question = questionOf(query);
    if (nameserver === undefined) return refuse(query, question, reply);
    const upstream = connect({ host: nameserver.address, port: nameserver.port });
    this.#open.add(upstream);
    let isAnswered = false;
    upstream.setTimeout(UPSTREAM_TIMEOUT_MS, () => upstream.destroy());
    upstream.on("error", () => {});
    upstream.once("connect", () => upstream.write(framed(query)));
    upstream.once("close", () => {
      this.#open.delete(upstream);
      if (!isAnswered) refuse(query, question, reply);
    });
    onMessages(upstream, (message) => {
      isAnswered = true;
      reply(message);
      upstream.destroy();
    });
  }
}

function refuse(query: Buffer, question: DnsQuestion | undefined, reply: (message: Buffer) => void): void {
  if (question !== undefined) reply(failure(query, question));
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.byteLength);
  return Buffer.concat([length, message]);
}

function onMessages(socket: Socket, onMessage: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.byteLength >= 2 && rest.byteLength >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      onMessage(rest.subarray(2, end));
      rest = rest.subarray(end);
    }
  });
}
