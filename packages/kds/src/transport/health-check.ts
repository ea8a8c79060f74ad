/**
 * The health ping of zones. Source: kuma v2.14.3: pkg/kds/service/server.go, pkg/kds/mux/zone_watch.go.
 *
 * Pings exist because an HTTP/2 proxy between zone and global answers keepalive for a zone that is gone.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { ZoneHealthCheckRequestSchema, ZoneHealthCheckResponseSchema } from "@isthmus/proto";
import { type Clock, err, errorMessage, ok, type Result } from "@isthmus/std";

/** How often a zone pings unless the global tells it another interval. */
export const DEFAULT_PING_INTERVAL_MS = 5 * 60_000;
/** Longer than a timer can wait. */
const INTERVAL_MAX_MS = 24 * 60 * 60_000;

export function encodeHealthRequest(): Uint8Array {
  return toBinary(ZoneHealthCheckRequestSchema, create(ZoneHealthCheckRequestSchema));
}

export function readHealthRequest(bytes: Uint8Array): Result<undefined, string> {
  try {
    fromBinary(ZoneHealthCheckRequestSchema, bytes);
    return ok(undefined);
  } catch (error) {
    return err(errorMessage(error));
  }
}

/** An interval of 0 is sent as a zero Duration (`0a 00`), as Kuma does: the zone keeps its own interval. */
export function encodeHealthResponse(intervalMs: number): Uint8Array {
  const interval = create(DurationSchema, {
    seconds: BigInt(Math.floor(intervalMs / 1000)),
    nanos: (intervalMs % 1000) * 1_000_000,
  });
  return toBinary(ZoneHealthCheckResponseSchema, create(ZoneHealthCheckResponseSchema, { interval }));
}

/** The interval that the global asks for; undefined: it leaves it to the zone. */
export function readHealthResponse(bytes: Uint8Array): Result<number | undefined, string> {
  let interval: Duration | undefined;
  try {
    interval = fromBinary(ZoneHealthCheckResponseSchema, bytes).interval;
  } catch (error) {
    return err(errorMessage(error));
  }
  const ms = Number(interval?.seconds ?? 0n) * 1000 + (interval?.nanos ?? 0) / 1_000_000;
  return ok(ms > 0 ? Math.min(ms, INTERVAL_MAX_MS) : undefined);
}

export interface HealthWatchOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Wall clock, ms, of the latest sign of life. */
  readonly lastSignAt: () => number;
  readonly onExpired: () => void;
}

/** Reports once that no sign came for `timeoutMs`. Looks only when that may be so. Returns the function that ends it. */
export function watchHealth(options: HealthWatchOptions): () => void {
  const { clock, timeoutMs, lastSignAt, onExpired } = options;
  const look = (): void => {
    const leftMs = lastSignAt() + timeoutMs - clock.now();
    if (leftMs > 0) timer = clock.setTimeout(look, leftMs);
    else onExpired();
  };
  let timer = clock.setTimeout(look, timeoutMs);
  return () => timer.cancel();
}
