/**
 * Virtual addresses of services. One table for all kinds, so that two ranges that overlap, or are the same, never give one
 * address to two services (Kuma 2.14.3 keeps one allocator per CIDR and drops one of two kinds with the same CIDR).
 *
 * An address that a service has stays. One that has none gets, in this order: the address it had before it was deleted,
 * the first free one on its way (see vip-pool.ts), the one released longest ago. An address that was released is kept from
 * others as long as there are free ones, so that clients with an old DNS answer do not reach a stranger.
 *
 * No I/O: the caller writes assignments into statuses and keeps `remembered()`. A write that fails is repeated with the
 * same address.
 */
import { keyOf, type ResourceKey } from "@isthmus/resources";
import type { ServiceKind } from "../model/service.ts";
import { parseRange } from "./address-range.ts";
import { type Claim, entriesOf, inOrder } from "./claim.ts";
import { formatIp, parseIp } from "./ip-address.ts";
import type { RememberedVip, VipAssignment, VipHolder, VipRanges, VipUsage } from "./vip.ts";
import { VipMemory } from "./vip-memory.ts";
import { VipPool } from "./vip-pool.ts";
import { RANGE_SETTING, rangeProblems, type VipProblem, type VipProblemCode } from "./vip-problem.ts";

interface Holding {
  readonly holder: VipHolder;
  readonly vips: readonly string[];
}

const KINDS: readonly ServiceKind[] = ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
/** May be part of a range and yet cannot be used. */
const LIMITED_BROADCAST = "255.255.255.255";
const NOBODY = "";

export class VipAllocator {
  readonly #pools: readonly VipPool[];
  /** Address to the key of who has it. */
  readonly #taken = new Map<string, string>();
  readonly #holdings = new Map<string, Holding>();
  readonly #memory = new VipMemory();
  readonly #problems = new Map<string, readonly VipProblem[]>();
  /** Those without an address: tried again when one comes free. */
  readonly #waiting = new Map<string, VipHolder>();
  #hasFreed = false;

  constructor(ranges: VipRanges, remembered: readonly RememberedVip[] = []) {
    this.#pools = KINDS.map((kind) => new VipPool(kind, parseRange(ranges[kind])));
    this.#take(LIMITED_BROADCAST, NOBODY);
    for (const { service, vips } of remembered) this.#remember(keyOf(service), service, vips);
  }

  /**
   * Takes over changes since the last call; the first call brings all services. The order inside of one call means nothing.
   * Returns the assignments of those that changed, the oldest first, and then of those that had to wait until now.
   */
  update(changes: {
    readonly upserted?: Iterable<VipHolder>;
    readonly removed?: Iterable<ResourceKey>;
  }): VipAssignment[] {
    const removed = new Map(Array.from(changes.removed ?? [], (service) => [keyOf(service), service]));
    for (const [key, service] of [...removed].sort(byKey)) this.#remove(key, service);
    const upserted = new Map(Array.from(changes.upserted ?? [], (holder) => [keyOf(holder), holder]));
    const claims = inOrder(upserted);
    for (const { key, holder } of claims) this.#keep(key, holder);
    const unserved = claims.filter(({ key }) => !this.#holdings.has(key));
    const waiting = this.#hasFreed ? [...this.#waiting.keys()] : [];
    this.#hasFreed = false;
    this.#serve(waiting.length === 0 ? unserved : inOrder([...this.#waiting, ...entriesOf(unserved)]));
    return [
      ...claims.map(({ key, holder }) => assignment(holder, this.#holdings.get(key)?.vips ?? [])),
      ...waiting.sort().flatMap((key) => {
        const holding = this.#holdings.get(key);
        return holding === undefined ? [] : [assignment(holding.holder, holding.vips)];
      }),
    ];
  }

  /** Of ranges first, then of services in order of key. */
  problems(): readonly VipProblem[] {
    const ofServices = [...this.#problems].sort(byKey).flatMap(([, problems]) => problems);
    return [...rangeProblems(this.#pools), ...ofServices];
  }

  problemsOf(service: ResourceKey): readonly VipProblem[] {
    return this.#problems.get(keyOf(service)) ?? [];
  }

  /** Whoever was deleted last comes last. */
  remembered(): readonly RememberedVip[] {
    return this.#memory.list();
  }

  usage(): readonly VipUsage[] {
    return this.#pools.map(({ kind, range, occupied }) => ({
      kind,
      capacity: range.ok ? range.value.capacity : 0,
      occupied,
    }));
  }

  /** Addresses of before first, then others; who comes first gets what there is. */
  #serve(claims: readonly Claim[]): void {
    const exhausted = new Set<ServiceKind>();
    for (const { key, holder } of claims.filter((claim) => !this.#recall(claim))) {
      if (!exhausted.has(holder.type) && this.#allocate(key, holder)) continue;
      exhausted.add(holder.type);
      this.#wait(key, holder);
    }
  }

  /** What its status says, as far as nobody else has it; else what it was given before, which is not written yet. */
  #keep(key: string, holder: VipHolder): void {
    this.#waiting.delete(key);
    this.#problems.delete(key);
    const before = this.#holdings.get(key)?.vips ?? [];
    const kept: string[] = [];
    for (const text of new Set(holder.vips)) {
      const address = parseIp(text);
      if (address === undefined) {
        this.#report(key, holder, "malformed", `${JSON.stringify(text)} in the status is no address`);
        continue;
      }
      const vip = formatIp(address);
      const owner = this.#taken.get(vip);
      if (owner !== undefined && owner !== key) {
        this.#report(key, holder, "duplicate", `${vip} in the status belongs to ${this.#describe(owner)}`);
        continue;
      }
      if (kept.includes(vip)) continue;
      kept.push(vip);
      this.#take(vip, key);
      const pool = this.#pool(holder.type);
      if (pool.range.ok && !pool.holds(address)) {
        this.#report(key, holder, "outOfRange", `${vip} is kept although it is not in ${pool.range.value.text}`);
      }
    }
    const vips = kept.length > 0 ? kept : before;
    for (const vip of before) if (!vips.includes(vip)) this.#free(vip);
    if (vips.length > 0) this.#hold(key, holder, vips);
  }

  /** The address it had before it was deleted. */
  #recall({ key, holder }: Claim): boolean {
    const pool = this.#pool(holder.type);
    const vip = this.#memory.of(key).find((address) => {
      const parsed = parseIp(address);
      return parsed !== undefined && pool.holds(parsed);
    });
    if (vip === undefined) return false;
    this.#take(vip, key);
    this.#hold(key, holder, [vip]);
    return true;
  }

  #allocate(key: string, holder: VipHolder): boolean {
    const pool = this.#pool(holder.type);
    const isFree = (vip: string): boolean => !this.#taken.has(vip) && !this.#memory.has(vip);
    const vip = pool.find(key, isFree) ?? this.#memory.oldest((address) => pool.holds(address));
    if (vip === undefined) return false;
    this.#take(vip, key);
    this.#hold(key, holder, [vip]);
    return true;
  }

  #wait(key: string, holder: VipHolder): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, holder);
    const { range } = this.#pool(holder.type);
    const setting = RANGE_SETTING[holder.type];
    if (range.ok) this.#report(key, holder, "exhausted", `${setting} ${range.value.text} has no free address`);
    else this.#report(key, holder, "noRange", `${setting}: ${range.error}`);
  }

  #hold(key: string, holder: VipHolder, vips: readonly string[]): void {
    if (this.#waiting.delete(key)) this.#problems.delete(key);
    for (const vip of this.#memory.forget(key)) {
      this.#count(vip, -1);
      this.#hasFreed = true;
    }
    this.#holdings.set(key, { holder, vips });
  }

  #remove(key: string, service: ResourceKey): void {
    this.#waiting.delete(key);
    this.#problems.delete(key);
    const holding = this.#holdings.get(key);
    if (holding === undefined) return;
    this.#holdings.delete(key);
    for (const vip of holding.vips) this.#free(vip);
    const { type, mesh, name } = service;
    this.#remember(key, { type, mesh, name }, holding.vips);
  }

  #remember(key: string, service: ResourceKey, vips: readonly string[]): void {
    const free = [...new Set(canonical(vips))].filter((vip) => !this.#taken.has(vip) && !this.#memory.has(vip));
    for (const vip of free) this.#count(vip, 1);
    for (const vip of this.#memory.add(key, service, free)) this.#count(vip, -1);
  }

  #take(vip: string, key: string): void {
    if (!this.#taken.has(vip) && !this.#memory.drop(vip)) this.#count(vip, 1);
    this.#taken.set(vip, key);
  }

  #free(vip: string): void {
    if (!this.#taken.delete(vip)) return;
    this.#count(vip, -1);
    this.#hasFreed = true;
  }

  #count(vip: string, by: 1 | -1): void {
    const address = parseIp(vip);
    for (const pool of this.#pools) if (address !== undefined && pool.holds(address)) pool.occupied += by;
  }

  #pool(kind: ServiceKind): VipPool {
    return this.#pools[KINDS.indexOf(kind)] ?? new VipPool(kind, parseRange(""));
  }

  #report(key: string, holder: VipHolder, code: VipProblemCode, detail: string): void {
    const service = { type: holder.type, mesh: holder.mesh, name: holder.name };
    this.#problems.set(key, [...(this.#problems.get(key) ?? []), { code, kind: holder.type, service, detail }]);
  }

  #describe(key: string): string {
    const owner = this.#holdings.get(key)?.holder;
    return owner === undefined ? "another" : `${owner.type} ${owner.name} of mesh ${owner.mesh}`;
  }
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const canonical = (vips: readonly string[]): readonly string[] =>
  vips.flatMap((vip) => {
    const address = parseIp(vip);
    return address === undefined ? [] : [formatIp(address)];
  });

function assignment(holder: VipHolder, vips: readonly string[]): VipAssignment {
  const { type, mesh, name } = holder;
  return { service: { type, mesh, name }, vips, isChanged: vips.join() !== holder.vips.join() };
}
