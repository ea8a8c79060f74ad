/** `GET /_changes`: whether resources of some types have changed, answered when they have. Kuma has nothing like it. */
import { z } from "zod";

export const changesSchema = z.object({
  /** To be asked after, the next time. */
  revision: z.number(),
  /** False: nothing within the time that was to be waited, or nothing was to be waited for. */
  changed: z.boolean(),
});

export type Changes = z.infer<typeof changesSchema>;

export interface ChangesQuery {
  /** Of resources; left out: all. */
  readonly types?: readonly string[];
  /** Revision of an answer before; left out: the present one is told at once. */
  readonly after?: number;
  /** How long the server waits for a change, at most its own limit of 30 s. */
  readonly waitMs?: number;
}
