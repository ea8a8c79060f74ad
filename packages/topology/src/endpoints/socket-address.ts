/** Addresses that Envoy takes: an EDS endpoint must be an IP address, so host names are resolved by the control plane. */
import { isIP } from "node:net";
import type { World } from "../world/world.ts";

export type AddressLookup =
  | { readonly isUsable: true; readonly address: string; readonly resolvedFrom: string | undefined }
  | { readonly isUsable: false; readonly detail: string };

/**
 * Kuma resolves the names of ZoneIngresses and Dataplanes and hands those of MeshZoneAddresses to Envoy as they are, which
 * refuses the whole set (kuma#17839). Here all are resolved alike and what is not resolved is left out alone.
 */
export function lookUpAddress(text: string, world: World): AddressLookup {
  if (isIP(text) !== 0) return { isUsable: true, address: text, resolvedFrom: undefined };
  const address = text === "" ? undefined : world.resolvedAddress(text);
  return address === undefined
    ? { isUsable: false, detail: text === "" ? "it has no address" : `host name ${text} is not resolved` }
    : { isUsable: true, address, resolvedFrom: text };
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= PORT_MAX;
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function socketAddress(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const PORT_MAX = 65_535;
