/** The machine's own nameserver: the first of `resolv.conf`. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";

const RESOLV_CONF = "/etc/resolv.conf";
const DNS_PORT = 53;

export function systemNameserver(file = RESOLV_CONF): { readonly address: string; readonly port: number } | undefined {
  try {
    return nameserverIn(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

export function nameserverIn(text: string): { readonly address: string; readonly port: number } | undefined {
  for (const line of text.split("\n")) {
    const address = /^\s*nameserver\s+(?<address>\S+)/.exec(line)?.groups?.["address"] ?? "";
    if (isIP(address.split("%", 1)[0] ?? "") !== 0) return { address, port: DNS_PORT };
  }
  return undefined;
}
