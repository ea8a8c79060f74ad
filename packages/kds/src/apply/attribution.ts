/**
 * Who a resource belongs to is decided by the connection it came over, never by what it says of itself.
 * Source: kuma v2.14.3: pkg/kds/v2/store/sync.go (GlobalSyncCallback).
 */
import { hashedName, type Labels, ORIGIN_LABEL, ZONE_LABEL } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";

export interface Attributed {
  readonly draft: ResourceDraft;
  /** Some value named another zone, or the global, and was overwritten. */
  readonly isRewritten: boolean;
}

interface Pinned<T> {
  readonly value: T;
  readonly isForged: boolean;
}

type SpecPin = (spec: JsonObject, zone: string) => Pinned<JsonObject>;

/** Types whose spec names the zone once more. */
const SPEC_PINS: ReadonlyMap<string, SpecPin> = new Map<string, SpecPin>([
  ["ZoneIngress", (spec, zone) => combine(pinZoneField(spec, zone), (s) => pinList(s, "availableServices", zone))],
  ["ZoneEgress", pinZoneField],
  ["Dataplane", (spec, zone) => pinMember(spec, "networking", (networking) => pinNetworking(networking, zone))],
]);

/** Names as the hash suffix makes them: a dash and 16 characters of its alphabet. */
const HASHED_NAME = /-[bcdfghjklmnpqrstvwxz2456789]{16}$/;

/** What the global stores of what a zone sent. */
export function attributed(draft: ResourceDraft, zone: string): Attributed {
  const labels: Labels = { ...draft.labels, [ORIGIN_LABEL]: "zone", [ZONE_LABEL]: zone };
  const { value: spec, isForged } = SPEC_PINS.get(draft.type)?.(draft.spec, zone) ?? {
    value: draft.spec,
    isForged: false,
  };
  const isRewritten =
    isForged || isOther(draft.labels[ZONE_LABEL], zone) || isOther(draft.labels[ORIGIN_LABEL], "zone");
  if (spec === draft.spec) return { draft: { ...draft, labels }, isRewritten };
  // The exact bytes of the spec still name the other zone.
  const { opaqueSpec: _, ...rest } = draft;
  return { draft: { ...rest, labels, spec }, isRewritten };
}

/**
 * A name in hashed form that is not the hash of its own labels: only a cheating peer sends one, to occupy the name under
 * which another zone's resource would arrive. Plain names, as very old zones send them, cannot be such a name.
 */
export function isForgedName(draft: {
  readonly mesh: string;
  readonly name: string;
  readonly labels: Labels;
}): boolean {
  return HASHED_NAME.test(draft.name) && hashedName(draft) !== draft.name;
}

function pinNetworking(networking: JsonObject, zone: string): Pinned<JsonObject> {
  return combine(pinList(networking, "inbound", zone), (pinned) =>
    pinMember(pinned, "gateway", (gateway) => pinTags(gateway, zone)),
  );
}

function pinZoneField(spec: JsonObject, zone: string): Pinned<JsonObject> {
  if (spec.zone === zone) return { value: spec, isForged: false };
  return { value: { ...spec, zone }, isForged: isOther(spec.zone, zone) };
}

/** An absent tag names no zone and is left alone. */
function pinTags(holder: JsonObject, zone: string): Pinned<JsonObject> {
  const { tags } = holder;
  if (!isJsonObject(tags) || tags[ZONE_LABEL] === undefined || tags[ZONE_LABEL] === zone) {
    return { value: holder, isForged: false };
  }
  return {
    value: { ...holder, tags: { ...tags, [ZONE_LABEL]: zone } },
    isForged: isOther(tags[ZONE_LABEL], zone),
  };
}

function pinList(holder: JsonObject, key: string, zone: string): Pinned<JsonObject> {
  const list = holder[key];
  if (!Array.isArray(list)) return { value: holder, isForged: false };
  let isForged = false;
  let isChanged = false;
  const pinned = (list as readonly JsonValue[]).map((item) => {
    if (!isJsonObject(item)) return item;
    const result = pinTags(item, zone);
    isForged ||= result.isForged;
    isChanged ||= result.value !== item;
    return result.value;
  });
  return { value: isChanged ? { ...holder, [key]: pinned } : holder, isForged };
}

function pinMember(
  holder: JsonObject,
  key: string,
  pin: (member: JsonObject) => Pinned<JsonObject>,
): Pinned<JsonObject> {
  const member = holder[key];
  if (!isJsonObject(member)) return { value: holder, isForged: false };
  const { value, isForged } = pin(member);
  return { value: value === member ? holder : { ...holder, [key]: value }, isForged };
}

function combine(first: Pinned<JsonObject>, then: (value: JsonObject) => Pinned<JsonObject>): Pinned<JsonObject> {
  const second = then(first.value);
  return { value: second.value, isForged: first.isForged || second.isForged };
}

/** Empty means unset in Kuma's messages. */
function isOther(value: JsonValue | undefined, expected: string): boolean {
  return value !== undefined && value !== "" && value !== expected;
}
