/**
 * The certificate of a proxy's admin API, and the CA that the control plane and its proxies know each other by. The CA is the zone's own
 * and never leaves it. Source: kuma v2.14.3: pkg/envoy/admin/tls/pki.go, pkg/xds/sync/dataplane_watchdog.go.
 */
import { type CaKeyPair, type CertificateWish, caKeyPair } from "@isthmus/identity";
import { ENVOY_ADMIN_CA } from "@isthmus/manager";
import { objectOf, type Resource, textOf } from "@isthmus/resources";
import { ok, type Result } from "@isthmus/std";
import type { World } from "@isthmus/topology";
import type { FollowedProxy } from "./followed-proxy.ts";

export interface AdminWish {
  readonly kind: "admin";
  readonly ca: CaKeyPair;
  readonly wish: Result<CertificateWish, string>;
}

/** Name in the certificate of who may ask. Source: kuma v2.14.3: ClientCertSAN. */
export const ADMIN_CLIENT = "kuma-cp";
/** It is renewed when the address of the proxy or the CA changes. Source: kuma v2.14.3: pkg/tls/cert.go. */
const VALID_FOR_MS = 10 * 365 * 24 * 3_600_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/;

/** Undefined: the proxy offers no admin API, or the zone has no CA; the API then stays inside. */
export function adminWish({ id, traits }: FollowedProxy, world: World): AdminWish | undefined {
  const ca = traits.admin === undefined ? undefined : adminCa(world.all("GlobalSecret", ""));
  const networking = objectOf(resourceOf(id, world)?.spec ?? {}, "networking");
  const hosts = ["address", "advertisedAddress"].map((member) => textOf(networking, member));
  // Who is called like the control plane could pretend to be it.
  const named = [...new Set(hosts)].filter((host) => host !== "" && host !== ADMIN_CLIENT);
  if (ca === undefined || named.length === 0) return undefined;
  return { kind: "admin", ca, wish: ok({ ca, hosts: named, purpose: "server", validForMs: VALID_FOR_MS }) };
}

/** `secrets`: all GlobalSecrets. */
export function adminCa(secrets: readonly Resource[]): CaKeyPair | undefined {
  const secret = secrets.find(({ name }) => name === ENVOY_ADMIN_CA);
  const text = secret === undefined ? "" : Buffer.from(textOf(secret.spec, "data"), "base64").toString();
  const [cert] = CERTIFICATE.exec(text) ?? [];
  const [key] = KEY.exec(text) ?? [];
  return cert === undefined || key === undefined ? undefined : caKeyPair(`${cert}\n`, `${key}\n`);
}

function resourceOf({ type, mesh, name }: FollowedProxy["id"], world: World): Resource | undefined {
  switch (type) {
    case "dataplane":
      return world.proxy(mesh, name)?.resource;
    case "ingress":
      return world.zoneIngresses().find((each) => each.name === name)?.resource;
    case "egress":
      return world.zoneEgresses().find((each) => each.name === name)?.resource;
  }
}
