/** What a server is: a global or a zone, ours or Kuma's. */
import { type ApiClient, ApiError } from "@isthmus/api";
import { textAt, valueAt } from "./output/member.ts";

export interface ServerRole {
  readonly mode: "global" | "zone";
  /** Name of the zone; "" of a global, and where the server does not say. */
  readonly zone: string;
  /** A zone without a global is not: it writes what a global would. */
  readonly isFederated: boolean;
}

/** Undefined where the server tells neither its settings nor its ledger. */
export async function serverRole(client: ApiClient): Promise<ServerRole | undefined> {
  const config = await orUndefined(() => client.config());
  const mode = textAt(config, "mode");
  if (mode === "global" || mode === "zone") {
    return {
      mode,
      zone: mode === "zone" ? (textAt(config, "multizone", "zone", "name") ?? "") : "",
      isFederated: mode === "zone" && textAt(config, "multizone", "zone", "globalAddress") !== undefined,
    };
  }
  // Kuma calls a zone without a global "zone" as well; before 2.6 it was "standalone".
  if (valueAt(config, ["mode"]) === "standalone") return { mode: "zone", zone: "", isFederated: false };
  const ledger = await orUndefined(() => client.syncStatus());
  if (ledger === undefined) return undefined;
  const isZone = ledger.role === "zone";
  return { mode: ledger.role, zone: isZone ? ledger.name : "", isFederated: isZone && ledger.zones.length > 0 };
}

/** A server without the page, or that does not show it to the caller, has no answer; one that is not there is an error. */
export async function orUndefined<T>(question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 200 || (error.status >= 400 && error.status < 500)))
      return undefined;
    throw error;
  }
}
