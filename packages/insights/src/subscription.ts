/**
 * One connection as a KDSSubscription: who, since when, and how many responses went and came back.
 * Source of the shape: kuma v2.14.3: api/system/v1alpha1/zone_insight.proto, pkg/kds/status.
 */
import { isJsonObject, type JsonObject, parseJson } from "@isthmus/std";
import { isCompatibleVersion } from "./compatible-version.ts";
import type { ZonePeer } from "./zone-event.ts";

/** Longer configurations are left out; those of Kuma have 10 kB. */
export const CONFIG_MAX_LENGTH = 256 * 1024;
/** Longer names and versions are left out. */
export const TEXT_MAX_LENGTH = 256;

export type Outcome = "responsesSent" | "responsesAcknowledged" | "responsesRejected";

export interface Observer {
  readonly role: "global" | "zone";
  readonly instanceId: string;
  readonly version: string;
}

type Counters = Record<Outcome, number>;

export class Subscription {
  readonly id: string;
  readonly #observer: Observer;
  readonly #total = noResponses();
  readonly #stat = new Map<string, Counters>();
  #peer: ZonePeer;
  #updatedAt: number;
  #disconnectedAt: number | undefined;
  #checkedConfig: { readonly text: string | undefined; readonly shown: string | undefined } = {
    text: undefined,
    shown: undefined,
  };

  constructor(id: string, peer: ZonePeer, observer: Observer) {
    this.id = id;
    this.#peer = peer;
    this.#observer = observer;
    this.#updatedAt = peer.connectedAt;
  }

  get isOpen(): boolean {
    return this.#disconnectedAt === undefined;
  }

  /** What the peer says of itself now. */
  identify(peer: ZonePeer): void {
    this.#peer = peer;
  }

  /** `type` undefined: counts in the total only. */
  count(outcome: Outcome, type: string | undefined, now: number): void {
    this.#updatedAt = now;
    this.#total[outcome] += 1;
    if (type === undefined) return;
    const counters = this.#stat.get(type) ?? noResponses();
    this.#stat.set(type, counters);
    counters[outcome] += 1;
  }

  /** The first time counts. */
  close(now: number): void {
    this.#disconnectedAt ??= now;
  }

  /** Members in Kuma's order; what is zero or empty is absent, as proto3 JSON has it. */
  toJson(): JsonObject {
    const { role, instanceId } = this.#observer;
    const peerId = shortText(this.#peer.instanceId);
    const globalId = role === "global" ? instanceId : peerId;
    const zoneId = role === "global" ? peerId : instanceId;
    const stat = [...this.#stat].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, of]) => [type, countersJson(of)]);
    const config = this.#config();
    return {
      id: this.id,
      ...(globalId === undefined ? {} : { globalInstanceId: globalId }),
      connectTime: timestamp(this.#peer.connectedAt),
      ...(this.#disconnectedAt === undefined ? {} : { disconnectTime: timestamp(this.#disconnectedAt) }),
      status: {
        lastUpdateTime: timestamp(this.#updatedAt),
        total: countersJson(this.#total),
        ...(stat.length === 0 ? {} : { stat: Object.fromEntries(stat) }),
      },
      version: { kumaCp: this.#version() },
      ...(config === undefined ? {} : { config }),
      ...(this.#peer.authTokenProvided === true ? { authTokenProvided: true } : {}),
      ...(zoneId === undefined ? {} : { zoneInstanceId: zoneId }),
    };
  }

  #version(): JsonObject {
    const said = this.#peer.version;
    if (said === undefined) return {};
    const shown: Record<string, string | boolean> = {};
    for (const member of ["version", "gitTag", "gitCommit", "buildDate"] as const) {
      const text = shortText(said[member]);
      if (text !== undefined) shown[member] = text;
    }
    if (isCompatibleVersion(this.#observer.version, said.version)) shown["kumaCpGlobalCompatible"] = true;
    return shown;
  }

  /** Only what is a JSON object: stock `kumactl inspect zones` shows no zone at all when one has a config that is not. */
  #config(): string | undefined {
    const text = this.#peer.config;
    if (text !== this.#checkedConfig.text) this.#checkedConfig = { text, shown: readableConfig(text) };
    return this.#checkedConfig.shown;
  }
}

/** RFC 3339 with the fraction of proto3 JSON: none or three digits. */
export function timestamp(wallClockMs: number): string {
  return new Date(wallClockMs).toISOString().replace(".000Z", "Z");
}

function readableConfig(text: string | undefined): string | undefined {
  if (text === undefined || text.length > CONFIG_MAX_LENGTH) return undefined;
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? text : undefined;
}

function shortText(text: string | undefined): string | undefined {
  return text === undefined || text === "" || text.length > TEXT_MAX_LENGTH ? undefined : text;
}

function noResponses(): Counters {
  return { responsesSent: 0, responsesAcknowledged: 0, responsesRejected: 0 };
}

/** 64-bit integers are strings in proto3 JSON. */
function countersJson(counters: Counters): JsonObject {
  return Object.fromEntries(
    Object.entries(counters)
      .filter(([, count]) => count > 0)
      .map(([outcome, count]) => [outcome, String(count)]),
  );
}
