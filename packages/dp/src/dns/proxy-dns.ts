/** Names of the mesh for the workload of one proxy: where they are asked for, and the document that they come from. */

import type { Logger } from "@isthmus/runtime/log";
import type { JsonValue } from "@isthmus/std";
import type { TransparentProxy } from "../settings/transparent-proxy.ts";
import { readDnsNames } from "./dns-names.ts";
import { DnsServer } from "./dns-server.ts";
import { systemNameserver } from "./nameserver.ts";

export const DNS_PATH = "/dns";

export class ProxyDns {
  readonly #server: DnsServer;
  readonly #onNames: () => void;

  /** @param onNames called with every document */
  constructor(port: number, proxy: TransparentProxy | undefined, log: Logger, onNames: () => void) {
    this.#onNames = onNames;
    const nameserver = systemNameserver();
    if (nameserver === undefined) log.warn("no nameserver of the machine: only names of the mesh are answered");
    this.#server = new DnsServer({
      addresses: dnsAddresses(proxy),
      port,
      nameserver,
      onLeftOut: (address, reason) => log.warn({ address, reason }, "names are not answered on an address"),
    });
  }

  /** @throws when the port is taken. The port. */
  async start(): Promise<number> {
    await this.#server.listen();
    return this.#server.port;
  }

  handle(document: JsonValue): void {
    this.#server.setNames(readDnsNames(document));
    this.#onNames();
  }

  stop(): Promise<void> {
    return this.#server.close();
  }
}

/**
 * The machine redirects questions of the workload to the loopback, those of other networks to the address that they came in by; who redirects
 * by a way of old does not say.
 */
export function dnsAddresses(proxy: TransparentProxy | undefined): readonly string[] {
  if (proxy === undefined) return ["0.0.0.0"];
  const isWide = proxy.networks.length > 0;
  const [v4, v6] = isWide ? ["0.0.0.0", "::"] : ["127.0.0.1", "::1"];
  return proxy.ipFamilyMode === "ipv4" ? [v4] : [v4, v6];
}
