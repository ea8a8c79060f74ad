/**
 * Which incoming traffic an inbound rule is for: by the SPIFFE id of the client's certificate, by the server name asked for, or
 * by both together. Source: kuma v2.14.3: api/common/v1alpha1/match.go, pkg/plugins/policies/core/rules/inbound/sort.go.
 */
import { textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export interface InboundMatch {
  readonly spiffeId: TextMatch | undefined;
  readonly sni: TextMatch | undefined;
}

/** `type` is kept as text: `Exact`, `Prefix`, or what a newer peer sends. */
export interface TextMatch {
  readonly type: string;
  readonly value: string;
}

const SPIFFE_TYPES = ["Exact", "Prefix"];

export function inboundMatchOf(source: JsonObject): InboundMatch {
  return { spiffeId: textMatch(source.spiffeID), sni: textMatch(source.sni) };
}

/** As policies write it. */
export function inboundMatchJson({ spiffeId, sni }: InboundMatch): JsonObject {
  return {
    ...(spiffeId === undefined ? {} : { spiffeID: { ...spiffeId } }),
    ...(sni === undefined ? {} : { sni: { ...sni } }),
  };
}

/** The more particular first: an exact id, a prefix, no id; then with a server name before without. */
export function compareInboundMatches(a: InboundMatch | undefined, b: InboundMatch | undefined): number {
  return spiffeRank(a) - spiffeRank(b) || Number(b?.sni !== undefined) - Number(a?.sni !== undefined);
}

function spiffeRank(match: InboundMatch | undefined): number {
  if (match?.spiffeId === undefined) return SPIFFE_TYPES.length + 1;
  const rank = SPIFFE_TYPES.indexOf(match.spiffeId.type);
  return rank === -1 ? SPIFFE_TYPES.length : rank;
}

function textMatch(value: JsonValue | undefined): TextMatch | undefined {
  return isJsonObject(value) ? { type: textOf(value, "type"), value: textOf(value, "value") } : undefined;
}
