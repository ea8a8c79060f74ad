/**
 * The allocator of virtual addresses beside the reactor: it is told of services as they come, change and go, and writes what
 * it gave them into a source. It keeps a state of its own, so it cannot be a derivation.
 */
import type { Change, Collection, Source } from "@isthmus/reactor";
import { keyOf } from "@isthmus/resources";
import type { VipHolder, VipRanges, VipUsage } from "../addresses/vip.ts";
import { VipAllocator } from "../addresses/vip-allocator.ts";
import type { VipProblem } from "../addresses/vip-problem.ts";
import type { Timed } from "./service-state.ts";

export interface GivenVips {
  readonly vips: readonly string[];
  readonly problems: readonly VipProblem[];
}

export interface VipCollections {
  readonly holders: Collection<VipHolder>;
  readonly givenVips: Source<GivenVips>;
  /** Under the key "". */
  readonly rangeProblems: Source<readonly VipProblem[]>;
}

export class VipFeed {
  readonly #allocator: VipAllocator;
  readonly #given: Source<GivenVips>;
  readonly #rangeProblems: Source<readonly VipProblem[]>;
  readonly #timed: Timed;
  #hasGiven = false;

  /** Collections are by key of the service. The first batch has to bring all services. */
  constructor(ranges: VipRanges, { holders, givenVips, rangeProblems }: VipCollections, timed: Timed) {
    this.#allocator = new VipAllocator(ranges);
    this.#given = givenVips;
    this.#rangeProblems = rangeProblems;
    this.#timed = timed;
    holders.subscribe((changes) => this.#update(changes));
    this.#reportRanges();
  }

  /** Whether it gave something since the last call: then there is another batch to run. */
  takeGiven(): boolean {
    const hasGiven = this.#hasGiven;
    this.#hasGiven = false;
    return hasGiven;
  }

  usage(): readonly VipUsage[] {
    return this.#allocator.usage();
  }

  #update(changes: readonly Change<VipHolder>[]): void {
    const upserted = changes.flatMap(({ after }) => after ?? []);
    const removed = changes.flatMap(({ before, after }) =>
      after === undefined && before !== undefined ? [before] : [],
    );
    const assignments = this.#timed("vip_allocator", () => this.#allocator.update({ upserted, removed }));
    for (const { service, vips } of assignments) {
      this.#given.set(keyOf(service), { vips, problems: this.#allocator.problemsOf(service) });
    }
    for (const service of removed) this.#given.delete(keyOf(service));
    this.#reportRanges();
    this.#hasGiven = true;
  }

  #reportRanges(): void {
    const problems = this.#allocator.problems().filter(({ service }) => service === undefined);
    this.#rangeProblems.set("", problems);
  }
}
