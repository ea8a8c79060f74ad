/**
 * What tokens say. Names of claims are capitalised because Kuma's are fields of Go structs; Go reads them in any case, so
 * does this. A claim of another type makes the token invalid, as there.
 * Source: kuma v2.14.3: pkg/tokens/builtin/{issuer,zone}/token.go, pkg/plugins/authn/api-server/tokens/issuer/token.go.
 */
import { err, isJsonObject, type JsonObject, ok, type Result } from "@isthmus/std";
import type { User } from "./user.ts";

export interface ZoneIdentity {
  /** "": any zone. */
  readonly zone: string;
  /** What the token is good for: `ingress`, `egress`, `cp`. Null is a claim of its own in Kuma's tokens: nothing. */
  readonly scope: readonly string[] | null;
}

/** What a proxy has to be to use the token; "" and no tags: anything. */
export interface DataplaneIdentity {
  readonly name: string;
  readonly mesh: string;
  /** Every one of these tags of the proxy may have only the values listed. */
  readonly tags: Readonly<Record<string, readonly string[]>>;
  readonly type: string;
  readonly workload: string;
}

/** Scope of tokens that a zone's control plane shows to its global; Kuma has none. */
export const CONTROL_PLANE_SCOPE = "cp";

/** `groups` of a user without any is null, not empty, in Kuma's tokens. */
export const userClaims = ({ name, groups }: Omit<User, "groups"> & { groups: readonly string[] | null }) => ({
  Name: name,
  Groups: groups,
});

export const zoneClaims = ({ zone, scope }: ZoneIdentity) => ({ Zone: zone, Scope: scope });

export function dataplaneClaims({ name, mesh, tags, type, workload }: DataplaneIdentity) {
  const sorted = Object.keys(tags)
    .toSorted()
    .map((key) => [key, [...new Set(tags[key])].toSorted()]);
  return { Name: name, Mesh: mesh, Tags: Object.fromEntries(sorted) as object, Type: type, Workload: workload };
}

export function readUser(payload: JsonObject): Result<User, string> {
  const read = new ClaimReader(payload);
  const user = { name: read.text("Name"), groups: read.texts("Groups") ?? [] };
  return read.result(user);
}

export function readZone(payload: JsonObject): Result<ZoneIdentity, string> {
  const read = new ClaimReader(payload);
  const zone = { zone: read.text("Zone"), scope: read.texts("Scope") };
  return read.result(zone);
}

export function readDataplane(payload: JsonObject): Result<DataplaneIdentity, string> {
  const read = new ClaimReader(payload);
  const dataplane = {
    name: read.text("Name"),
    mesh: read.text("Mesh"),
    tags: read.textLists("Tags"),
    type: read.text("Type"),
    workload: read.text("Workload"),
  };
  return read.result(dataplane);
}

class ClaimReader {
  readonly #payload: JsonObject;
  #error: string | undefined;

  constructor(payload: JsonObject) {
    this.#payload = payload;
  }

  result<T>(value: T): Result<T, string> {
    return this.#error === undefined ? ok(value) : err(this.#error);
  }

  text(name: string): string {
    const value = this.#value(name);
    if (typeof value === "string") return value;
    if (value !== undefined) this.#error ??= `claim ${name} is no text`;
    return "";
  }

  texts(name: string): readonly string[] | null {
    const value = this.#value(name);
    if (value === undefined) return null;
    if (isTexts(value)) return value;
    this.#error ??= `claim ${name} is no list of texts`;
    return null;
  }

  textLists(name: string): Readonly<Record<string, readonly string[]>> {
    const value = this.#value(name);
    if (value === undefined) return {};
    if (isJsonObject(value) && Object.values(value).every((list) => list === null || isTexts(list))) {
      return Object.fromEntries(Object.entries(value).map(([key, list]) => [key, isTexts(list) ? list : []]));
    }
    this.#error ??= `claim ${name} is no object of lists of texts`;
    return {};
  }

  /** Null is the zero value in Go. */
  #value(name: string): unknown {
    if (Object.hasOwn(this.#payload, name)) return this.#payload[name] ?? undefined;
    const other = Object.keys(this.#payload).find((key) => key.toLowerCase() === name.toLowerCase());
    return other === undefined ? undefined : (this.#payload[other] ?? undefined);
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
