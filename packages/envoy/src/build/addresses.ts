/** Addresses as Envoy has them. */
import type { AddressJson } from "@isthmus/proto/envoy/config/core/v3/address";
import type { Socket } from "../proxy-traits.ts";

export function socketAddress(address: string, port: number): AddressJson {
  return { socketAddress: { address, portValue: port } };
}

export function addressOf(socket: Socket): AddressJson {
  return socket.kind === "pipe" ? { pipe: { path: socket.path } } : socketAddress(socket.address, socket.port);
}

export function tcpSocket(address: string, port: number): Socket {
  return { kind: "tcp", address, port };
}
