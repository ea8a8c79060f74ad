/** How long a change takes until it is stored: read back from each zone's own REST, as tightly as the clock allows. */
import { ApiClient, type RestResource } from "@isthmus/api";
import { CommandError } from "../exit-code.ts";
import type { DemoProcess } from "./layout.ts";

const LIMIT_MS = 60_000;

export interface Arrival {
  readonly place: string;
  readonly ms: number;
}

export const clientFor = (process_: DemoProcess): ApiClient =>
  new ApiClient({ baseUrl: `http://127.0.0.1:${process_.restPort}`, timeoutMs: LIMIT_MS });

/**
 * Runs `change`, then waits at every place until a resource of `path` satisfies `hasArrived`. Milliseconds from just before
 * the change was sent.
 */
export async function measureArrivals(
  change: () => Promise<unknown>,
  places: readonly DemoProcess[],
  path: string,
  hasArrived: (resource: RestResource) => boolean,
): Promise<readonly Arrival[]> {
  const started = performance.now();
  await change();
  return Promise.all(
    places.map(async (place) => {
      const client = clientFor(place);
      for (;;) {
        const page = await client.page(path, { size: 1000 });
        const ms = performance.now() - started;
        if (page.items.some(hasArrived)) return { place: place.name, ms };
        if (ms > LIMIT_MS) throw new CommandError(`the change did not reach ${place.name} within ${LIMIT_MS} ms`);
      }
    }),
  );
}

export const displayName = (resource: RestResource): string =>
  resource.labels?.["kuma.io/display-name"] ?? resource.name;
