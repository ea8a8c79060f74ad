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

const OUTCOMES = ["responsesSent", "responsesAcknowledged", "responsesRejected"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Observer {
  readonly role: "global" | "zone";
  readonly instanceId: string;
  readonly version: string;
  /** Names that are counted one by one, in order. */
  readonly types: readonly string[];
}

export class Subscription {
  readonly id: string;
  readonly #observer: Observer;
  /** A counter per outcome: of all types together, then of each type. */
  readonly #counts: Uint32Array;
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
    this.#counts = new Uint32Array((1 + observer.types.length) * OUTCOMES.length);
    this.#updatedAt = peer.connectedAt;
  }

  get isOpen(): boolean {
    return this.#disconnectedAt === undefined;
  }

  /** What the peer says of itself now. */
  identify(peer: ZonePeer): void {
    this.#peer = peer;
  }

  /** A type that is not among those of the observer counts in the total only. */
  count(outcome: Outcome, type: string, now: number): void {
    this.#updatedAt = now;
    this.#increment(0, outcome);
    const place = this.#observer.types.indexOf(type);
    if (place !== -1) this.#increment(1 + place, outcome);
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
    const stat = this.#stat();
    const config = this.#config();
    return {
      id: this.id,
      ...(globalId === undefined ? {} : { globalInstanceId: globalId }),
      connectTime: timestamp(this.#peer.connectedAt),
      ...(this.#disconnectedAt === undefined ? {} : { disconnectTime: timestamp(this.#disconnectedAt) }),
      status: {
        lastUpdateTime: timestamp(this.#updatedAt),
        total: countersJson(this.#countsAt(0)),
        ...(stat === undefined ? {} : { stat }),
      },
      version: { kumaCp: this.#version() },
      ...(config === undefined ? {} : { config }),
      ...(this.#peer.authTokenProvided === true ? { authTokenProvided: true } : {}),
      ...(zoneId === undefined ? {} : { zoneInstanceId: zoneId }),
    };
  }

  #increment(row: number, outcome: Outcome): void {
    const place = row * OUTCOMES.length + OUTCOMES.indexOf(outcome);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  #countsAt(row: number): Uint32Array {
    return this.#counts.subarray(row * OUTCOMES.length, (row + 1) * OUTCOMES.length);
  }

  /** Undefined while nothing is counted. */
  #stat(): JsonObject | undefined {
    const entries = this.#observer.types.map((type, i) => [type, this.#countsAt(1 + i)] as const);
    const counted = entries.filter(([, counts]) => counts.some((count) => count > 0));
    return counted.length === 0
      ? undefined
      : Object.fromEntries(counted.map(([type, counts]) => [type, countersJson(counts)]));
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

/**
 * Counters of types are nearly all equal, and each insight in the store holds them for each type: equal ones are one object. Few enough are kept
 * that those which grow for ever do not fill it.
 */
const SHARED_MAX = 1_000;
const shared = new Map<string, JsonObject>();

/** 64-bit integers are strings in proto3 JSON. */
function countersJson(counts: Uint32Array): JsonObject {
  const key = counts.join();
  const known = shared.get(key);
  if (known !== undefined) return known;
  const entries = OUTCOMES.map((outcome, i) => [outcome, counts[i] ?? 0] as const).filter(([, count]) => count > 0);
  const json = Object.freeze(Object.fromEntries(entries.map(([outcome, count]) => [outcome, String(count)])));
  if (shared.size < SHARED_MAX) shared.set(key, json);
  return json;
}
