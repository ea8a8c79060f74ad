/** One TCP connection that tells whether somebody listens at a place, and says nothing. */
import { connect } from "node:net";
import type { Clock } from "@isthmus/std";
import type { Place } from "./listen-places.ts";

/** `silent`: neither; no answer in time, unreachable, or any other error. It proves nothing. */
export type KnockOutcome = "accepted" | "refused" | "silent";

export type Knock = (place: Place) => Promise<KnockOutcome>;

export function tcpKnock(timeoutMs: number, clock: Clock): Knock {
  return ({ address, port }) =>
    new Promise((resolve) => {
      const socket = connect({ host: address, port });
      const settle = (outcome: KnockOutcome): void => {
        timer.cancel();
        socket.destroy();
        resolve(outcome);
      };
      const timer = clock.setTimeout(() => settle("silent"), timeoutMs);
      socket.once("connect", () => settle("accepted"));
      socket.on("error", (error: NodeJS.ErrnoException) =>
        settle(error.code === "ECONNREFUSED" ? "refused" : "silent"),
      );
    });
}
