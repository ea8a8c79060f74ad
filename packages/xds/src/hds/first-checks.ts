/**
 * Which checks cannot have an outcome yet. Envoy calls what it has not checked unhealthy and reports as soon as it is asked: taken at
 * its word, each proxy that connects would be withdrawn until its next report.
 */
import type { Clock } from "@isthmus/std";
import type { ClusterCheck } from "./health-checks.ts";
import type { ClusterHealth } from "./health-wire.ts";

interface FirstCheck {
  readonly asked: string;
  /** From when on the check has failed if it has not succeeded. */
  readonly overAt: number;
  isOver: boolean;
}

export class FirstChecks {
  readonly #clock: Clock;
  #checks = new Map<string, FirstCheck>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Checks that are asked for again as they were go on. */
  asked(checks: readonly ClusterCheck[]): void {
    const now = this.#clock.monotonic();
    this.#checks = new Map(
      checks.map((check) => {
        const asked = JSON.stringify(check);
        const known = this.#checks.get(check.cluster);
        const overAt = now + check.timeoutMs + check.intervalMs;
        return [check.cluster, known?.asked === asked ? known : { asked, overAt, isOver: false }];
      }),
    );
  }

  judge(report: readonly ClusterHealth[]): readonly ClusterHealth[] {
    return report.map((health) => {
      const first = this.#checks.get(health.cluster);
      if (first === undefined || first.isOver) return health;
      first.isOver = health.isHealthy === true || this.#clock.monotonic() >= first.overAt;
      return first.isOver ? health : { ...health, isHealthy: undefined };
    });
  }
}
