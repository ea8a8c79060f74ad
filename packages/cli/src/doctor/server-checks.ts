/** Checks of the server that is asked: whether it can be reached, by whom, and on what it stands. */
import { statfsSync } from "node:fs";
import { ISTHMUS_VERSION, KUMA_VERSION } from "@isthmus/runtime/identity";
import { formatAge, formatDate } from "../output/age.ts";
import { isTrueAt, numberAt, textAt, valueAt } from "../output/member.ts";
import { certificatesOf } from "./authority-certificates.ts";
import { expiryOf, merged } from "./expiry.ts";
import { type Facts, isLoopback } from "./facts.ts";
import { type Finding, fail, judge, ok, skip, warn } from "./finding.ts";
import { isFor, peerCertificate, probePort } from "./probe.ts";

/** A token is not taken before its `nbf`, which is 5 s before it was issued. */
const SKEW_WARN_MS = 5_000;
const SKEW_FAIL_MS = 60_000;
const TOKEN_WARN_MS = 7 * 86_400_000;
const DISK_WARN = 0.15;
const DISK_FAIL = 0.05;
const GIB = 1024 ** 3;

export async function api(facts: Facts): Promise<Finding> {
  const started = facts.clock.monotonic();
  const { product, version, instanceId } = await facts.index();
  const ms = Math.round(facts.clock.monotonic() - started);
  const role = await facts.role();
  const mode = role === undefined ? "" : role.mode === "global" ? ", a global" : `, zone ${role.zone}`;
  return ok(`${product} ${version} (${instanceId})${mode}, answered in ${ms} ms`);
}

export async function version(facts: Facts): Promise<Finding> {
  const { version } = await facts.index();
  const [ours, theirs] = [minorOf(KUMA_VERSION), minorOf(version)];
  const text = `server ${version}, this command ${ISTHMUS_VERSION} (of ${KUMA_VERSION})`;
  if (theirs === undefined || version.includes("preview")) return ok(`${text}: a preview`);
  if (ours === undefined || (theirs.major === ours.major && theirs.minor === ours.minor)) return ok(text);
  return warn(
    [`${text}: types and rules may differ`],
    "use the command of the server's version; see: isthmus --version",
  );
}

export async function ports(facts: Facts): Promise<Finding> {
  const config = await facts.config();
  const isGlobal = await facts.isGlobal();
  const wanted: readonly (readonly [what: string, port: number])[] = [
    ["REST", Number(facts.server.port) || (facts.server.protocol === "https:" ? 443 : 80)],
    ...(isTrueAt(config, "apiServer", "https", "enabled")
      ? [["REST over HTTPS", numberAt(config, "apiServer", "https", "port")] as const]
      : []),
    ["diagnostics", Number(new URL(await facts.diagnosticsUrl()).port)],
    ...(isGlobal ? [["KDS", numberAt(config, "multizone", "global", "kds", "grpcPort")] as const] : []),
    ...(isGlobal ? [] : [["dp-server", numberAt(config, "dpServer", "port")] as const]),
  ];
  const asked = await Promise.all(
    wanted
      .filter(([, port]) => port > 0)
      .map(async ([what, port]) => ({ what, port, problem: await probePort(facts.host, port) })),
  );
  const closed = asked.filter(({ problem }) => problem !== undefined);
  const text = ({ what, port }: { readonly what: string; readonly port: number }): string => `${port} (${what})`;
  if (closed.length === 0) return ok(`${facts.host} listens on ${asked.map((each) => text(each)).join(", ")}`);
  return warn(
    closed.map((each) => `${facts.host}:${text(each)}: ${each.problem ?? ""}`),
    "a port that is for the machine itself cannot be reached from here; else look at firewalls and at: isthmus doctor on that machine",
  );
}

export async function ready(facts: Facts): Promise<Finding> {
  const url = `${await facts.diagnosticsUrl()}/ready`;
  const answer = await facts
    .get(url)
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (typeof answer === "string") return skip(`${url}: ${answer}; --diagnostics names another address`);
  if (answer.status === 200) return ok(`${url} says that every part runs`);
  return fail([`${url} answers ${answer.status}`], "the log of the server names the part that does not run");
}

export async function metrics(facts: Facts): Promise<Finding> {
  const found = await facts.metrics();
  const url = `${await facts.diagnosticsUrl()}/metrics`;
  if (found === undefined)
    return warn(
      [`${url} cannot be read from here`],
      "name the address with --diagnostics; Prometheus needs it as well",
    );
  const missing = ["cp_info", "leader"].filter((name) => !found.has(name));
  if (missing.length === 0) return ok(`${found.size} metrics at ${url}`);
  return warn([`${url} lacks ${missing.join(", ")}`], "is it the diagnostics port of this server? see --diagnostics");
}

export async function defects(facts: Facts): Promise<Finding> {
  const found = await facts.metrics();
  if (found === undefined) return skip("there are no metrics to look at");
  const counts = ["isthmus_defects_total", "isthmus_insights_defects_total"]
    .map((name) => ({ name, value: (found.get(name) ?? []).reduce((sum, { value }) => sum + value, 0) }))
    .filter(({ value }) => value > 0);
  if (counts.length === 0) return ok("no part met an error of its own");
  return fail(
    counts.map(({ name, value }) => `${name} is ${value}`),
    "these are mistakes of the program: the log of the server has them at level error",
  );
}

export async function restCertificate(facts: Facts): Promise<Finding> {
  if (facts.server.protocol === "http:") {
    if (facts.isOwnMachine) return skip("REST is asked without TLS, on this machine");
    return warn(
      [`${facts.server.origin} is asked without TLS: what is asked and answered can be read on the way`],
      "use the HTTPS port: isthmus profile add <name> -s https://<host>:5682 --ca-file <file>",
    );
  }
  const port = Number(facts.server.port) || 443;
  return certificateFinding(facts, "the certificate of REST", port, []);
}

export async function kdsCertificate(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return skip("a zone has no KDS port");
  const config = await facts.config();
  const port = numberAt(config, "multizone", "global", "kds", "grpcPort");
  if (port === 0) return skip("the server does not tell its KDS port");
  if (valueAt(config, ["multizone", "global", "kds", "tlsEnabled"]) === false) {
    return warn(
      ["KDS runs without TLS: secrets travel to zones readable by everybody on the way"],
      "set multizone.global.kds.tlsEnabled to true",
    );
  }
  return certificateFinding(facts, "the certificate of KDS", port, ["h2"]);
}

async function certificateFinding(
  facts: Facts,
  what: string,
  port: number,
  protocols: readonly string[],
): Promise<Finding> {
  let certificate: Awaited<ReturnType<typeof peerCertificate>>;
  try {
    certificate = await peerCertificate(facts.host, port, protocols);
  } catch (error) {
    return skip(
      `${facts.host}:${port} shows no certificate: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const { broken, doubtful } = expiryOf(what, certificate, facts.clock.now());
  const names = certificate.subjectAltName ?? certificate.subject;
  const others = isFor(certificate, facts.host) ? [] : [`${what} is not for ${facts.host}, but for ${names}`];
  return judge(
    { broken, doubtful: [...doubtful, ...others] },
    "give the server a new certificate (general.tlsCertFile, general.tlsKeyFile) and the peers its authority; a generated one is made anew when its files are removed",
    `${what} is good until ${formatDate(new Date(certificate.validTo).toISOString())} UTC`,
  );
}

/** The header has whole seconds. */
export async function clock(facts: Facts): Promise<Finding> {
  const before = facts.clock.now();
  const answer = await facts.get(`${facts.connection.settings.server}/`);
  const after = facts.clock.now();
  const date = Date.parse(answer.headers.get("date") ?? "");
  if (Number.isNaN(date)) return skip("the server does not tell its time");
  const skew = date + 500 - (before + after) / 2;
  const tolerance = 500 + (after - before) / 2;
  const size = Math.max(0, Math.abs(skew) - tolerance);
  const text = `the clock of the server is ${formatAge(Math.abs(skew) / 1000)} ${skew > 0 ? "ahead of" : "behind"} the one here`;
  if (size <= SKEW_WARN_MS) return ok("the clocks of the server and of this machine agree");
  const hint = "let both machines follow a time server (NTP): tokens and certificates depend on it";
  return size > SKEW_FAIL_MS ? fail([text], hint) : warn([text], hint);
}

export async function identity(facts: Facts): Promise<Finding> {
  const { token } = facts.connection;
  const me = await facts.client.whoAmI();
  const expiry = token === undefined ? undefined : tokenExpiry(token);
  if (expiry !== undefined && expiry - facts.clock.now() < TOKEN_WARN_MS) {
    return warn(
      [`your token is valid for ${formatAge((expiry - facts.clock.now()) / 1000)} more`],
      "isthmus generate token user --name <name> --group <group> --valid-for 720h | isthmus profile add <name> --overwrite --token-file - -s <url>",
    );
  }
  if (me.groups.includes("mesh-system:unauthenticated")) {
    return warn(
      ["the server does not know who you are: what needs a right is not checked"],
      "isthmus profile add <name> -s <url> --token-file <file>; the first token is in: isthmus get globalsecret admin-user-token -o json, on the server's machine",
    );
  }
  return ok(`you are ${me.name}${me.groups.length === 0 ? "" : ` (${me.groups.join(", ")})`}`);
}

function tokenExpiry(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const seconds = numberAt(claims, "exp");
    return seconds === 0 ? undefined : seconds * 1000;
  } catch {
    return undefined;
  }
}

/** What somebody can do who has no credentials. */
export async function exposure(facts: Facts): Promise<Finding> {
  const config = await facts.config();
  if (!facts.isOwnMachine) {
    const secrets = await facts.get(`${facts.connection.settings.server}/globalsecrets`, {
      accept: "application/json",
    });
    if (secrets.status === 200) {
      return fail(
        ["everybody who reaches the port can read all secrets, among them the keys that tokens are signed with"],
        "take mesh-system:unauthenticated out of access.static.adminResources, and close the port to others",
      );
    }
  }
  if (config === undefined) return skip("the server does not show its settings");
  const open = ["http", "https"].filter((kind) => {
    const isOn = valueAt(config, ["apiServer", kind, "enabled"]) === true;
    return isOn && !isLoopback(textAt(config, "apiServer", kind, "interface") ?? "0.0.0.0");
  });
  if (open.length === 0) return ok("REST is for the machine of the server only");
  if (isTrueAt(config, "apiServer", "readOnly")) return ok("REST takes no writes");
  const anonymousWrites = valueAt(config, ["access", "anonymousWrites"]);
  if (anonymousWrites === false)
    return ok("REST is open to other machines, and takes no writes without credentials from there");
  return (anonymousWrites === true ? fail : warn)(
    [`everybody who reaches REST (${open.join(", ")}) may write everything but secrets, without credentials`],
    anonymousWrites === true
      ? "set access.anonymousWrites to false"
      : "Kuma cannot refuse it: set apiServer.http.interface to 127.0.0.1, or let a proxy or a firewall decide who gets through",
  );
}

export async function store(facts: Facts): Promise<Finding> {
  const config = await facts.config();
  const type = textAt(config, "store", "type");
  if (type === undefined) return skip("the server does not show its settings");
  if (type === "memory") {
    return warn(
      ["the store is memory: all is lost when the server ends"],
      "set store.type to lmdb and give it a folder (--data)",
    );
  }
  const found = await facts.metrics();
  const conflicts = (found?.get("store_conflicts") ?? []).reduce((sum, { value }) => sum + value, 0);
  const revision = found?.get("isthmus_store_revision")?.[0]?.value;
  return ok(
    `the store is ${type}${revision === undefined ? "" : `, at revision ${revision}`}${conflicts > 0 ? `, ${conflicts} conflicts of writers` : ""}`,
  );
}

export async function disk(facts: Facts): Promise<Finding> {
  const config = await facts.config();
  const folder = facts.dataFolder ?? (facts.isOwnMachine ? textAt(config, "general", "workDir") : undefined);
  if (textAt(config, "store", "type") === "memory") return skip("the store is memory");
  if (folder === undefined)
    return skip("the data of the server is on another machine; --data names its folder on this one");
  let stats: ReturnType<typeof statfsSync>;
  try {
    stats = statfsSync(folder);
  } catch (error) {
    return skip(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const free = stats.bavail * stats.bsize;
  const share = stats.bavail / stats.blocks;
  const text = `${(free / GIB).toFixed(1)} GiB (${Math.round(share * 100)} %) are free at ${folder}`;
  const hint = "make room, or move the folder (--data): a server that cannot write refuses all changes";
  if (share < DISK_FAIL || free < GIB / 4) return fail([text], hint);
  return share < DISK_WARN && free < 4 * GIB ? warn([text], hint) : ok(text);
}

export async function authorities(facts: Facts): Promise<Finding> {
  const [meshes, trusts] = await Promise.all([facts.list("meshes"), facts.list("meshtrusts")]);
  const { found, refused } = await certificatesOf(facts, meshes ?? [], trusts ?? []);
  const { broken, doubtful } = merged(
    found.map(({ what, certificate }) => expiryOf(what, certificate, facts.clock.now())),
  );
  if (found.length === 0)
    return skip(refused === 0 ? "no mesh has an authority" : "you may not read the secrets that hold the authorities");
  return judge(
    { broken, doubtful },
    "add a second backend with a new authority and switch to it: isthmus get mesh <mesh> -o yaml (mtls.backends, mtls.enabledBackend)",
    `${found.length} certificates of authorities are good for more than 30 days${refused === 0 ? "" : `; ${refused} may not be read`}`,
  );
}

function minorOf(version: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
