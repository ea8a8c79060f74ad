/** Checks of what runs in the meshes: traffic between zones, proxies, certificates. */
import type { RestResource } from "@isthmus/api";
import { ZONE_LABEL } from "@isthmus/resources";
import { isOnline } from "../inspect/subscriptions.ts";
import { formatAge } from "../output/age.ts";
import { numberAt, objectAt, textAt } from "../output/member.ts";
import { orUndefined } from "../server-role.ts";
import type { Facts } from "./facts.ts";
import { type Finding, judge, ok, skip, warn } from "./finding.ts";

const CERTIFICATE_WARN_MS = 60 * 60_000;
const LINES_MAX = 10;

/** Zones whose services others would use need a door that others can find. */
export async function ingressAddresses(facts: Facts): Promise<Finding> {
  const [services, ingresses, addresses] = await Promise.all([
    facts.list("meshservices"),
    facts.list("zoneingresses"),
    facts.list("meshzoneaddresses"),
  ]);
  const zonesWithServices = countByZone(services ?? []);
  const { zones } = await facts.zones();
  const names = new Set([...zones.map(({ name }) => name), ...zonesWithServices.keys()]);
  if (names.size < 2) return skip("there is no second zone");
  if (zonesWithServices.size === 0) return skip("there are no services of zones");
  const broken: string[] = [];
  const doubtful: string[] = [];
  for (const [zone, count] of zonesWithServices) {
    const own = (ingresses ?? []).filter((each) => zoneOf(each) === zone);
    if ((addresses ?? []).some((each) => zoneOf(each) === zone) || own.some((each) => hasAddress(each))) continue;
    const text = `${count} services of zone ${zone} cannot be reached from other zones`;
    if (own.length === 0) doubtful.push(`${text}: it has no ingress`);
    else broken.push(`${text}: ingress ${own.map(({ name }) => name).join(", ")} has no advertised address and port`);
  }
  return judge(
    { broken, doubtful },
    "start a zone ingress with networking.advertisedAddress and advertisedPort that other zones reach; isthmus describe zoneingress <name>",
    `every zone with services (${zonesWithServices.size}) has an ingress with an address`,
  );
}

function countByZone(resources: readonly RestResource[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const resource of resources) {
    const zone = zoneOf(resource);
    if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return counts;
}

const zoneOf = (resource: RestResource): string | undefined =>
  resource.labels?.[ZONE_LABEL] ?? textAt(resource, "zone");

function hasAddress(ingress: RestResource): boolean {
  const networking = objectAt(ingress, "networking");
  return textAt(networking, "advertisedAddress") !== undefined && numberAt(networking, "advertisedPort") > 0;
}

export async function meshMtls(facts: Facts): Promise<Finding> {
  const [meshes, identities, { zones }] = await Promise.all([
    facts.list("meshes"),
    facts.list("meshidentities"),
    facts.zones(),
  ]);
  const withIdentity = new Set((identities ?? []).map(({ mesh }) => mesh));
  const without = (meshes ?? [])
    .filter((mesh) => textAt(mesh, "mtls", "enabledBackend") === undefined && !withIdentity.has(mesh.name))
    .map(({ name }) => name);
  if (without.length === 0) return ok("every mesh has mTLS");
  if (zones.length < 2) return ok(`${without.join(", ")} without mTLS; there is no second zone that would need it`);
  return warn(
    without.map((name) => `mesh ${name} has no mTLS: its services cannot be reached from other zones`),
    `isthmus get mesh ${without[0] ?? ""} -o yaml; add mtls with a backend and enabledBackend, then isthmus apply -f -`,
  );
}

export async function dataplanes(facts: Facts): Promise<Finding> {
  const insights = await facts.list("mesh-insights");
  if (insights === undefined || insights.length === 0) return skip("there are no insights of meshes");
  const broken: string[] = [];
  const doubtful: string[] = [];
  let total = 0;
  for (const insight of insights) {
    const counts = objectAt(insight, "dataplanes");
    const [all, offline, degraded] = ["total", "offline", "partiallyDegraded"].map((name) => numberAt(counts, name));
    total += all ?? 0;
    if ((offline ?? 0) > 0 && offline === all)
      broken.push(`all ${all ?? 0} proxies of mesh ${insight.name} are offline`);
    else if ((offline ?? 0) > 0)
      doubtful.push(`${offline ?? 0} of ${all ?? 0} proxies of mesh ${insight.name} are offline`);
    if ((degraded ?? 0) > 0) doubtful.push(`${degraded ?? 0} proxies of mesh ${insight.name} are partially degraded`);
  }
  if (total === 0) return skip("there are no proxies");
  return judge({ broken, doubtful }, "isthmus inspect dataplanes -m <mesh>", `all ${total} proxies are online`);
}

export async function proxyCertificates(facts: Facts): Promise<Finding> {
  const meshes = (await facts.list("meshes")) ?? [];
  const now = facts.clock.now();
  const broken: string[] = [];
  const doubtful: string[] = [];
  let seen = 0;
  for (const mesh of meshes) {
    for (const overview of (await facts.list(`meshes/${mesh.name}/dataplanes/_overview`)) ?? []) {
      const insight = objectAt(overview, "dataplaneInsight");
      const until = Date.parse(textAt(insight, "mTLS", "certificateExpirationTime") ?? "");
      if (Number.isNaN(until) || !isOnline(insight)) continue;
      seen += 1;
      const who = `certificate of ${mesh.name}/${overview.name}`;
      if (until <= now) broken.push(`${who} expired ${formatAge((now - until) / 1000)} ago`);
      else if (until - now < CERTIFICATE_WARN_MS) doubtful.push(`${who} expires in ${formatAge((until - now) / 1000)}`);
    }
  }
  if (seen === 0) return skip("no proxy that is online has a certificate");
  const short = (lines: readonly string[]): readonly string[] =>
    lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX), `and ${lines.length - LINES_MAX} more`];
  return judge(
    { broken: short(broken), doubtful: short(doubtful) },
    "proxies get new ones long before: look at the authority of the mesh (isthmus get mesh <mesh> -o yaml) and the log of their zone",
    `certificates of ${seen} proxies are fresh`,
  );
}

export async function topology(facts: Facts): Promise<Finding> {
  const answer = await orUndefined(() => facts.client.topology());
  if (answer === undefined) return skip("only a zone of ours derives a topology");
  const problems = answer.problems.map(({ kind, resource, detail }) =>
    resource === undefined
      ? `${kind}: ${detail}`
      : `${kind}: ${resource.type} ${resource.mesh}/${resource.name}: ${detail}`,
  );
  const failing = answer.collections.flatMap(({ name, failing }) =>
    failing.map(({ key, message }) => `${name}/${key}: ${message}`),
  );
  return judge(
    { broken: failing, doubtful: problems },
    "correct the resources; isthmus explain --from <dataplane> --to <service> says what a client gets",
    "services, names and addresses are derived without a problem",
  );
}
