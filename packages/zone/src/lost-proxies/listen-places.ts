/** Where the Envoy of a proxy listens for others: who is refused there meets nobody. */
import { isIP } from "node:net";
import { objectOf, portOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { isPort, readProxy, socketAddress } from "@isthmus/topology";
import type { ProxyCandidate } from "@isthmus/xds";

export interface Place {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

export interface ListenPlaces {
  /** Envoy itself, for the control plane: no connection to it reaches an application. */
  readonly admin: Place;
  /** What other proxies send to. Behind a redirection it is answered by Envoy all the same, and refused without it. */
  readonly traffic: readonly Place[];
}

/** Undefined: Envoy listens nowhere that can be asked from here. */
export function listenPlaces(
  resource: Resource,
  proxy: Pick<ProxyCandidate, "metadata" | "peer">,
): ListenPlaces | undefined {
  const { admin: announced, resource: brought } = proxy.metadata;
  const networking = objectOf(resource.spec, "networking");
  const admin = { address: textOf(networking, "address"), port: announced.port };
  const traffic = trafficPlaces(resource, networking, brought !== undefined).filter((place) =>
    isReal(place, proxy.peer),
  );
  return isReal(admin, proxy.peer) && traffic.length > 0 ? { admin, traffic } : undefined;
}

export function placeText({ address, port }: Place): string {
  return socketAddress(address, port);
}

/** `isBrought`: it comes back with all states as they were, those of zone listeners as well, of which no health is reported. */
function trafficPlaces(resource: Resource, networking: JsonObject, isBrought: boolean): readonly Place[] {
  if (resource.type !== "Dataplane") {
    return [{ address: textOf(networking, "address"), port: portOf(networking, "port") ?? 0 }];
  }
  const { gateway, inbounds, listeners } = readProxy(resource);
  const listening = gateway?.type === "BUILTIN" ? [] : inbounds;
  return [
    ...listening.map(({ listenAddress, port }) => ({ address: listenAddress, port })),
    ...(isBrought ? listeners : []),
  ].map(({ address, port }) => ({ address, port }));
}

/** A loopback address is one of the machine of the proxy, which may be another. */
function isReal({ address, port }: Place, peer: string): boolean {
  if (isIP(address) === 0 || address === "0.0.0.0" || address === "::" || !isPort(port)) return false;
  return !isLoopback(address) || isLoopback(peer.slice(0, peer.lastIndexOf(":")));
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
