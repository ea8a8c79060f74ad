/**
 * Whether what a control plane shows proves that it is the zone that it says: a zone token of that zone with the scope `cp`, or
 * a client certificate with its name. Reasons are told to whoever asks, so that the operator of the zone knows what to do.
 */
import { CONTROL_PLANE_SCOPE, readZone } from "./claims.ts";
import type { TokenValidator } from "./token-validator.ts";

export interface ZoneProof {
  /** That it says to be. */
  readonly zone: string;
  /** Header of that name: the token, with or without `Bearer`. */
  readonly authorization: string | undefined;
  /** Verified by the CA of zones. */
  readonly certificate:
    | {
        readonly commonName: string;
        /** Host names and URIs. */
        readonly names: readonly string[];
        /** Wall clock, ms. */
        readonly expiresAt: number;
      }
    | undefined;
}

export type ZoneProofVerdict =
  | { readonly kind: "admitted"; readonly expiresAt: number | undefined }
  | { readonly kind: "unauthenticated" | "denied"; readonly reason: string };

const BEARER = /^Bearer /i;

export async function judgeZoneToken(
  { zone, authorization }: ZoneProof,
  validator: TokenValidator,
): Promise<ZoneProofVerdict> {
  if (authorization === undefined || authorization === "") {
    return unauthenticated(`zone ${zone} has to show a zone token with scope "${CONTROL_PLANE_SCOPE}"`);
  }
  const payload = await validator.validate(authorization.replace(BEARER, ""));
  const token = payload.ok ? readZone(payload.value) : payload;
  if (!payload.ok || !token.ok) return unauthenticated(`the token of zone ${zone} does not count: ${errorOf(token)}`);
  const { scope, zone: owner } = token.value;
  if (scope?.includes(CONTROL_PLANE_SCOPE) !== true) {
    return denied(`the token of zone ${zone} is for proxies: its scope has no "${CONTROL_PLANE_SCOPE}"`);
  }
  if (owner === "") return denied("the token names no zone: each control plane needs one of its own");
  if (owner !== zone) return denied(`the token is that of zone ${owner}, not of zone ${zone}`);
  const { exp } = payload.value;
  return { kind: "admitted", expiresAt: typeof exp === "number" ? exp * 1000 : undefined };
}

/** The zone is the common name, a host name, or the end of a SPIFFE id: `spiffe://<trust domain>/zone/<zone>`. */
export function judgeZoneCertificate({ zone, certificate }: ZoneProof, nowMs: number): ZoneProofVerdict {
  if (certificate === undefined) {
    return unauthenticated(`zone ${zone} has to show a client certificate that the CA of zones has signed`);
  }
  const { commonName, names, expiresAt } = certificate;
  if (expiresAt <= nowMs) return unauthenticated(`the certificate of zone ${zone} has expired`);
  const zones = [commonName, ...names.map((name) => /^spiffe:\/\/[^/]+\/zone\/([^/]+)$/.exec(name)?.[1] ?? name)];
  if (zones.includes(zone)) return { kind: "admitted", expiresAt };
  return denied(`the certificate is that of ${zones.filter((name) => name !== "").join(", ")}, not of zone ${zone}`);
}

const unauthenticated = (reason: string): ZoneProofVerdict => ({ kind: "unauthenticated", reason });
const denied = (reason: string): ZoneProofVerdict => ({ kind: "denied", reason });
const errorOf = (result: { readonly ok: true } | { readonly ok: false; readonly error: string }): string =>
  result.ok ? "" : result.error;
