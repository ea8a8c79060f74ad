/** Checks of the sync: out of the ledger of a server of ours, out of the counters that a Kuma keeps. */
import type { SyncRow, SyncStatus } from "@isthmus/api";
import { lastSubscription } from "../inspect/subscriptions.ts";
import { formatAge } from "../output/age.ts";
import { numberAt, objectAt, textAt } from "../output/member.ts";
import type { Facts } from "./facts.ts";
import { type Finding, fail, judge, ok, skip, warn } from "./finding.ts";

const STUCK_WARN_S = 30;
const STUCK_FAIL_S = 120;

const rowsOf = (ledger: SyncStatus): readonly SyncRow[] =>
  ledger.zones.filter(({ online }) => online).flatMap(({ rows }) => rows);
const place = ({ zone, direction, type }: SyncRow): string =>
  `${type} ${direction === "global-to-zone" ? "to" : "from"} zone ${zone}`;

export async function stuck(facts: Facts): Promise<Finding> {
  const ledger = await facts.ledger();
  if (ledger === undefined) return stuckByCounters(facts);
  const pending = rowsOf(ledger).filter(({ state }) => state === "pending");
  const text = (row: SyncRow): string =>
    `${place(row)}: ${row.pendingResources} changes wait for ${formatAge(row.oldestUnackedSeconds)}`;
  const older = (seconds: number): readonly SyncRow[] => pending.filter((row) => row.oldestUnackedSeconds > seconds);
  const broken = older(STUCK_FAIL_S);
  return judge(
    {
      broken: broken.map(text),
      doubtful: older(STUCK_WARN_S)
        .filter((row) => !broken.includes(row))
        .map(text),
    },
    "isthmus sync status --types; a stream without progress is opened anew by itself, the log says why",
    rowsOf(ledger).length === 0 ? "nothing is synced" : "no change waits for long",
  );
}

/** What a Kuma counts: responses that are neither acknowledged nor refused some time after the last update. */
async function stuckByCounters(facts: Facts): Promise<Finding> {
  const { zones } = await facts.zones();
  const doubtful = zones
    .filter(({ status }) => status === "Online")
    .flatMap((zone) => {
      const status = objectAt(lastSubscription(objectAt(zone.overview, "zoneInsight")), "status");
      const age = (facts.clock.now() - Date.parse(textAt(status, "lastUpdateTime") ?? "")) / 1000;
      if (!(age > STUCK_WARN_S)) return [];
      return Object.entries(objectAt(status, "stat")).flatMap(([type, counts]) => {
        const open =
          numberAt(counts, "responsesSent") -
          numberAt(counts, "responsesAcknowledged") -
          numberAt(counts, "responsesRejected");
        return open > 0
          ? [`${type} to zone ${zone.name}: ${open} responses without an answer for ${formatAge(age)}`]
          : [];
      });
    });
  if (zones.every(({ status }) => status !== "Online")) return skip("no zone is online");
  return judge(
    { broken: [], doubtful },
    "restart the control plane of the zone; its log may say why",
    "every response was answered",
  );
}

export async function rejected(facts: Facts): Promise<Finding> {
  const ledger = await facts.ledger();
  if (ledger === undefined) return rejectedByCounters(facts);
  const refused = rowsOf(ledger).flatMap((row) =>
    row.rejected.length > 0
      ? row.rejected.map(({ wireName, reason }) => `${place(row)}: ${wireName} was refused: ${reason}`)
      : row.state === "rejected"
        ? [`${place(row)} was refused: ${row.lastNack?.message ?? "without a reason"}`]
        : [],
  );
  if (refused.length === 0) return ok("no resource is refused by the other side");
  return fail(
    shortened(refused),
    "correct the resources (isthmus describe <type> <name>), or update the zone that does not know them; isthmus zones describe <zone> has all",
  );
}

async function rejectedByCounters(facts: Facts): Promise<Finding> {
  const { zones } = await facts.zones();
  const counted = zones.flatMap((zone) => {
    const status = objectAt(lastSubscription(objectAt(zone.overview, "zoneInsight")), "status");
    return Object.entries(objectAt(status, "stat")).flatMap(([type, counts]) => {
      const count = numberAt(counts, "responsesRejected");
      return count > 0 ? [`zone ${zone.name} refused ${count} responses with ${type}`] : [];
    });
  });
  if (counted.length === 0) return ok("no zone refused a response");
  return warn(counted, "the log of the zone says which resource and why; a Kuma keeps the number only");
}

export async function oversize(facts: Facts): Promise<Finding> {
  const ledger = await facts.ledger();
  if (ledger === undefined) return skip("the server keeps no ledger");
  const rows = rowsOf(ledger).filter(({ state }) => state === "oversize");
  if (rows.length === 0) return ok("everything fits a message");
  return fail(
    rows.map((row) => `${place(row)} does not fit a message`),
    "raise multizone.global.kds.maxMsgSize and multizone.zone.kds.maxMsgSize on both sides",
  );
}

export async function holds(facts: Facts): Promise<Finding> {
  const ledger = await facts.ledger();
  if (ledger === undefined) return skip("the server keeps no ledger");
  const open = ledger.holds;
  const ofPeers = rowsOf(ledger).filter(({ held, state }) => held > 0 || state === "held");
  if (open.length === 0 && ofPeers.length === 0) return ok("no deletions are held back");
  return warn(
    [
      ...open.map(({ id, wouldDelete, of, reason }) => `${id}: would delete ${wouldDelete} of ${of}: ${reason}`),
      ...ofPeers.map((row) => `${place(row)}: the other side keeps ${row.held} deletions back`),
    ],
    open.length > 0
      ? `isthmus sync holds; then isthmus sync accept ${open[0]?.id ?? "<id>"}, or sync reject`
      : "ask the other side: isthmus sync holds -s <zone>",
  );
}

const LINES_MAX = 10;

function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX), `and ${lines.length - LINES_MAX} more`];
}
