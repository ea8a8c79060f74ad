/**
 * The zones that a global serves. A zone has one connection at a time: of two the newer is served, because the older is
 * most often the remains of a zone that died without saying so. State is kept per connection, never per zone name, so
 * that the end of the older one cannot harm the newer (it does on Kuma: measured.md, 1.6).
 */
import { GrpcCode, type GrpcStatus, type PeerCertificate } from "@isthmus/grpc-kit";
import type { Clock } from "@isthmus/std";
import type { OnKdsEvent } from "./kds-events.ts";
import type { ZoneHeaders } from "./peer-headers.ts";
import type { PeerStatus } from "./peer-status.ts";
import { ZoneLink } from "./zone-link.ts";

export interface ZoneLinksOptions {
  readonly conflicts: NameConflictRule;
  readonly clock: Clock;
  readonly onEvent: OnKdsEvent;
}

/** What happens when a newer connection claims a name that is being served. */
export interface NameConflictRule {
  /** `now`: wall clock, ms. */
  judge(zone: string, now: number): "replace" | "refuse";
}

export interface ZoneClaim {
  readonly zone: string;
  readonly connectionId: number;
  readonly address: string;
  readonly headers: ZoneHeaders;
  readonly certificate: PeerCertificate | undefined;
}

export type ClaimResult =
  | { readonly kind: "served"; readonly link: ZoneLink }
  | { readonly kind: "refused"; readonly status: GrpcStatus };

export class ZoneLinks {
  readonly #options: ZoneLinksOptions;
  readonly #links = new Map<string, ZoneLink>();
  /** Last known of zones that are offline. */
  readonly #absent = new Map<string, PeerStatus>();
  /** Connection whose claim of a zone was refused last: its further streams are the same claim. */
  readonly #refused = new Map<string, number>();

  constructor(options: ZoneLinksOptions) {
    this.#options = options;
  }

  /** A sync stream asks to be served. */
  claim(claim: ZoneClaim): ClaimResult {
    const { zone, connectionId, address } = claim;
    const current = this.#links.get(zone);
    if (current === undefined) return this.#serve(claim);
    if (connectionId === current.connectionId) return { kind: "served", link: current };
    if (connectionId < current.connectionId) {
      return refused(GrpcCode.CANCELLED, `zone ${zone} has a newer connection, from ${current.address}`);
    }
    if (this.#judge(zone, connectionId) === "refuse") {
      return refused(
        GrpcCode.ALREADY_EXISTS,
        `zone name ${zone} is in dispute: it is served to ${current.address}, another control plane claims it too`,
      );
    }
    current.end({
      code: GrpcCode.CANCELLED,
      details: `replaced by a newer connection of zone ${zone}, from ${address}`,
    });
    return this.#serve(claim);
  }

  get(zone: string): ZoneLink | undefined {
    return this.#links.get(zone);
  }

  /** Ends all connections. */
  endAll(status: GrpcStatus): void {
    for (const link of this.all()) link.end(status);
  }

  all(): readonly ZoneLink[] {
    return [...this.#links.values()];
  }

  /** All zones that are or were connected, in order of name. */
  statuses(): readonly PeerStatus[] {
    const statuses = [...this.#absent.values(), ...this.all().map((link) => link.status())];
    return statuses.sort((a, b) => (a.zone < b.zone ? -1 : 1));
  }

  /** Forgets what is known of a zone that is offline. */
  forget(zone: string): void {
    this.#absent.delete(zone);
    this.#refused.delete(zone);
  }

  #serve(claim: ZoneClaim): ClaimResult {
    const { zone } = claim;
    const { clock, onEvent } = this.#options;
    const onGone = (gone: ZoneLink): void => this.#onGone(gone);
    const lastSeenAt = this.#absent.get(zone)?.lastSeenAt;
    const link = new ZoneLink({ ...claim, lastSeenAt, clock, onEvent, onGone });
    this.#links.set(zone, link);
    this.#absent.delete(zone);
    this.#refused.delete(zone);
    return { kind: "served", link };
  }

  #judge(zone: string, connectionId: number): "replace" | "refuse" {
    if (this.#refused.get(zone) === connectionId) return "refuse";
    const { conflicts, clock, onEvent } = this.#options;
    const outcome = conflicts.judge(zone, clock.now());
    if (outcome === "refuse") this.#refused.set(zone, connectionId);
    onEvent({ kind: "zoneNameConflict", zone, outcome: outcome === "refuse" ? "refused" : "replaced" });
    return outcome;
  }

  #onGone(link: ZoneLink): void {
    const { zone } = link;
    if (this.#links.get(zone) !== link) return;
    this.#links.delete(zone);
    const status = link.status();
    // Names of zones that never said anything valid are not remembered: anyone can make them up.
    if (status.lastSeenAt !== undefined) this.#absent.set(zone, status);
  }
}

function refused(code: number, details: string): ClaimResult {
  return { kind: "refused", status: { code, details } };
}
