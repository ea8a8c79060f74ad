/** Why a server could not listen, in words that name the port and the setting to change. */
import { errorMessage } from "@isthmus/std";

export class ListenError extends Error {
  readonly code = "LISTEN";
  readonly port: number;

  constructor(port: number, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ListenError";
    this.port = port;
  }
}

export interface ListenTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly portSetting: string;
}

export function listenError(target: ListenTarget, cause: unknown): ListenError {
  const { name, address, port, portSetting } = target;
  return new ListenError(port, `${name}: ${reason(errorMessage(cause), address, port)} (setting ${portSetting})`, {
    cause,
  });
}

function reason(text: string, address: string, port: number): string {
  if (text.includes("EADDRINUSE")) return `port ${port} on ${address} is in use by another process`;
  if (text.includes("EACCES")) return `no permission to listen on port ${port}`;
  if (text.includes("EADDRNOTAVAIL")) return `${address} is not an address of this machine, port ${port}`;
  return `cannot listen on ${address}:${port}: ${text}`;
}
