/**
 * A listening socket that hands each connection on once its first bytes are here. Who takes it then gives them to TLS, whose buffer Node makes as large as
 * what it gets first: 64 KiB for the life of the connection where TLS itself waits for the bytes, 1 KiB and 16 KiB here.
 */
import { createServer, type Socket } from "node:net";
import { type Clock, systemClock } from "@isthmus/std";
import { type ListenTarget, listenError } from "./listen-error.ts";

export interface ListenerOptions extends ListenTarget {
  /** With `readableLength` above 0. Listens to the errors of the socket from now on. */
  readonly take: (socket: Socket) => void;
  /** Who has said nothing by then is dropped. */
  readonly silenceMs: number;
  readonly clock?: Clock;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #clock: Clock;
  /** Those who have said nothing yet. */
  readonly #silent = new Set<Socket>();
  readonly #server = createServer((socket) => this.#await(socket));

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The port listened on, once started. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error(`${this.#options.name} is not listening`);
    return address.port;
  }

  /** Rejects with a `ListenError` that names port and setting. */
  start(): Promise<void> {
    const { address, port } = this.#options;
    return new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(listenError(this.#options, error));
      this.#server.once("error", onError);
      this.#server.listen(port, address, () => {
        this.#server.off("error", onError);
        resolve();
      });
    });
  }

  /** Stops listening and drops who has said nothing. Resolves when all connections have ended. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#silent) socket.destroy();
    return closed;
  }

  #await(socket: Socket): void {
    const drop = (): void => void socket.destroy();
    const timer = this.#clock.setTimeout(drop, this.#options.silenceMs);
    const leave = (): void => {
      timer.cancel();
      this.#silent.delete(socket);
      socket.off("error", drop).off("close", leave).off("readable", onReadable);
    };
    const onReadable = (): void => {
      // Nothing to read: the peer has ended.
      if (socket.readableLength === 0) return drop();
      leave();
      this.#options.take(socket);
    };
    this.#silent.add(socket);
    socket.on("error", drop).on("close", leave).on("readable", onReadable);
  }
}
