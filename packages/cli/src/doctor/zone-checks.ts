/** Checks of zones: whether they are there, fit, and are one each. */

import { lastSubscription, subscriptionsOf } from "../inspect/subscriptions.ts";
import type { ZoneView } from "../inspect/zone-view.ts";
import { ago } from "../output/age.ts";
import { objectAt, textAt } from "../output/member.ts";
import type { Facts } from "./facts.ts";
import { type Finding, fail, judge, ok, skip, warn } from "./finding.ts";

/** So many connections of alternating instances within this time are a fight for the name. */
const FIGHT_MS = 10 * 60_000;
const FIGHT_CONNECTIONS = 3;

export async function zonesOnline(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return linkToGlobal(facts);
  const { zones } = await facts.zones();
  if (zones.length === 0) return skip("there is no zone yet");
  const offline = zones.filter(({ status }) => status === "Offline");
  const disabled = zones.filter(({ status }) => status === "Disabled").map(({ name }) => name);
  const evidence = offline.map((zone) => offlineText(zone, facts.clock.now()));
  const rest = disabled.length === 0 ? "" : `; disabled: ${disabled.join(", ")}`;
  if (offline.length === 0) return ok(`${zones.length - disabled.length} of ${zones.length} zones are online${rest}`);
  return fail(
    evidence,
    `isthmus zones describe ${offline[0]?.name ?? ""}; then on its machine: isthmus doctor, and its log`,
  );
}

function offlineText(zone: ZoneView, nowMs: number): string {
  const last = lastSubscription(objectAt(zone.overview, "zoneInsight"));
  const since = textAt(last, "disconnectTime");
  if (last === undefined) return `zone ${zone.name} has never connected`;
  return `zone ${zone.name} is offline${since === undefined ? "" : ` for ${ago(since, nowMs)}`}`;
}

async function linkToGlobal(facts: Facts): Promise<Finding> {
  const role = await facts.role();
  if (role?.isFederated !== true) return skip("the zone has no global");
  const ledger = await facts.ledger();
  if (ledger === undefined) return skip("the server keeps no ledger");
  const link = ledger.zones[0];
  if (link?.online === true)
    return ok(`connected to the global${link.address === undefined ? "" : ` at ${link.address}`}`);
  return fail(
    ["the zone is not connected to its global"],
    "isthmus sync status; can this machine reach multizone.zone.globalAddress? the log has the reason",
  );
}

export async function zoneVersions(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return skip("a zone does not know others");
  const { zones } = await facts.zones();
  const { version } = await facts.index();
  const broken = zones
    .filter(({ isCompatible }) => isCompatible === false)
    .map((zone) => `zone ${zone.name} runs ${zone.version ?? "?"}, which does not go with ${version}`);
  const doubtful = zones
    .filter((zone) => zone.isCompatible === true && zone.version !== undefined && zone.version !== version)
    .map((zone) => `zone ${zone.name} runs ${zone.version ?? ""}, the global ${version}`);
  return judge(
    { broken, doubtful },
    "update the older ones, the global first; supported are two minor versions up and down",
    zones.length === 0 ? "there is no zone yet" : `all zones run ${version}`,
  );
}

export async function zoneNames(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return skip("only a global sees two zones of one name");
  const { zones } = await facts.zones();
  const now = facts.clock.now();
  const fights = zones
    .filter((zone) => isFight(zone, now))
    .map((zone) => `several instances fight for the name ${zone.name}: ${instancesOf(zone).join(", ")}`);
  const counted = (await facts.metrics())?.get("isthmus_zone_name_conflicts_total") ?? [];
  const past = [...new Set(counted.filter(({ value }) => value > 0).map(({ labels }) => labels["zone"] ?? "?"))]
    .filter((name) => !fights.some((fight) => fight.includes(` ${name}:`)))
    .map((name) => `two instances claimed the name ${name} since the global started`);
  return judge(
    { broken: fights, doubtful: past },
    "each zone needs a name of its own: multizone.zone.name; isthmus zones describe <name> shows the instances",
    "every zone has a name of its own",
  );
}

function isFight(zone: ZoneView, nowMs: number): boolean {
  const recent = subscriptionsOf(objectAt(zone.overview, "zoneInsight")).filter(
    (each) => nowMs - Date.parse(textAt(each, "connectTime") ?? "") < FIGHT_MS,
  );
  const instances = recent.map((each) => textAt(each, "zoneInstanceId") ?? "");
  const changes = instances.filter((instance, i) => i > 0 && instance !== instances[i - 1]).length;
  // A restart has a new instance as well, but never one that was there before.
  return changes >= FIGHT_CONNECTIONS && new Set(instances).size < instances.length;
}

function instancesOf(zone: ZoneView): readonly string[] {
  const all = subscriptionsOf(objectAt(zone.overview, "zoneInsight")).flatMap(
    (each) => textAt(each, "zoneInstanceId") ?? [],
  );
  return [...new Set(all)];
}

export async function zoneStores(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return skip("see `store`");
  const { zones } = await facts.zones();
  const inMemory = zones.filter(({ backend }) => backend === "memory").map(({ name }) => name);
  if (zones.length === 0) return skip("there is no zone yet");
  if (inMemory.length === 0) return ok("no zone is known to keep its resources in memory only");
  return warn(
    inMemory.map((name) => `zone ${name} keeps its resources in memory only`),
    "a zone that restarts while the global is away has nothing then: set store.type there",
  );
}

/** A zone with one of its two streams looks connected, and half of it is out of date. */
export async function streams(facts: Facts): Promise<Finding> {
  if (!(await facts.isGlobal())) return skip("see `zones-online`");
  const { zones } = await facts.zones();
  const now = facts.clock.now();
  const halves = zones.flatMap((zone) => {
    const kds = objectAt(zone.overview, "zoneInsight", "kdsStreams");
    if (zone.status !== "Online" || Object.keys(kds).length === 0) return [];
    const missing = [
      ["globalToZone", "what it should know"],
      ["zoneToGlobal", "what it has to tell"],
    ].filter(([name = ""]) => textAt(kds, name, "connectTime") === undefined);
    return missing.map(
      ([name, what]) =>
        `zone ${zone.name} is online for ${ago(zone.connectedAt, now)}, but ${what ?? ""} does not flow (${name ?? ""})`,
    );
  });
  const online = zones.filter(({ status }) => status === "Online").length;
  if (online === 0) return skip("no zone is online");
  if (halves.length === 0) return ok("both directions of every zone that is online are open");
  return fail(
    halves,
    "restart the control plane of the zone; its log and that of the global name the stream that ended",
  );
}

export async function zoneProxies(facts: Facts): Promise<Finding> {
  const { zones } = await facts.zones();
  const broken: string[] = [];
  const doubtful: string[] = [];
  for (const zone of zones) {
    for (const [kind, counts] of [
      ["ingresses", zone.ingresses],
      ["egresses", zone.egresses],
    ] as const) {
      const [online, total] = counts ?? [0, 0];
      if (total === 0 || online === total) continue;
      if (zone.status === "Offline") doubtful.push(`zone ${zone.name} is away: nothing is known about its ${kind}`);
      else (online === 0 ? broken : doubtful).push(`${online} of ${total} ${kind} of zone ${zone.name} are online`);
    }
  }
  const total = zones.reduce((sum, { ingresses, egresses }) => sum + (ingresses?.[1] ?? 0) + (egresses?.[1] ?? 0), 0);
  if (total === 0) return skip("there are no zone ingresses and egresses");
  return judge(
    { broken, doubtful },
    "isthmus inspect zoneingresses; isthmus inspect zoneegresses",
    `all ${total} zone ingresses and egresses are online`,
  );
}
