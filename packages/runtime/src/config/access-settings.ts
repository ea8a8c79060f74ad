/** Settings of who is asked for what: users, tokens, rights. Keys and defaults: kuma v2.14.3: pkg/config/{access,api-server,dp-server}. */
import { ADMIN, ANONYMOUS, AUTHENTICATED_GROUP } from "@isthmus/identity";
import { z } from "zod";
import { choice, flag, list, publicKeys, secret, section, text } from "./leaves.ts";

const admins = () => section({ users: list([ADMIN.name]), groups: list(ADMIN.groups) });
const everybody = () => section({ users: list(), groups: list([...ANONYMOUS.groups, AUTHENTICATED_GROUP]) });

export const accessSettings = section({
  type: choice(["static"], "static"),
  /** Ours. Whoever reaches the port without proving who he is may write everything but secrets, as in Kuma. */
  anonymousWrites: flag(false),
  static: section({
    adminResources: admins(),
    generateDpToken: admins(),
    generateUserToken: admins(),
    generateZoneToken: admins(),
    viewConfigDump: everybody(),
    viewStats: everybody(),
    viewClusters: everybody(),
    controlPlaneMetadata: everybody(),
  }),
});

export const authnSettings = section({
  type: choice(["tokens", "adminClientCerts"], "tokens"),
  localhostIsAdmin: flag(true),
  tokens: section({
    bootstrapAdminToken: flag(true),
    enableIssuer: flag(true),
    validator: section({ useSecrets: flag(true), publicKeys: publicKeys() }),
  }),
});

const proxyTokens = () =>
  section({ enableIssuer: flag(true), validator: section({ useSecrets: flag(true), publicKeys: publicKeys() }) });

/** Empty in Kuma's own file of defaults, where the environment decides. */
const proxyProof = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.preprocess((input) => (input === "" ? undefined : input), choice(values, fallback));

export const dpServerAuthnSettings = section({
  /** `none`: proxies are believed. */
  dpProxy: section({ type: proxyProof(["dpToken", "none"], "dpToken"), dpToken: proxyTokens() }),
  zoneProxy: section({ type: proxyProof(["zoneToken", "none"], "zoneToken"), zoneToken: proxyTokens() }),
  /** Proxies that name a file of their token read it again when it changes. */
  enableReloadableTokens: flag(false),
});

/** Ours: what zones have to show. Kuma asks for nothing. */
export const zoneProofSettings = section({
  type: choice(["off", "zoneToken", "clientCert"], "off"),
  /** What certificates of zones are signed with. */
  clientCaFile: text(""),
});

/** Ours: what a zone shows. Files are read anew for each connection. */
export const ownProofSettings = section({
  token: secret(),
  tokenFile: text(""),
  certFile: text(""),
  keyFile: text(""),
});
