/** A policy is written to the global: until it runs in an Envoy of west. */
import { meshTimeout, timeoutPath } from "../harness/samples.ts";
import type { Lab } from "./lab.ts";
import { SERVICE } from "./readiness.ts";
import { pause } from "./watch.ts";

const GAP_MS = 200;
const WARM_UP = 50;
/** The thread of Envoy that answers is the one that builds listeners: asked every millisecond it is half as slow again. */
const ADMIN_PAUSE_MS = 10;

/** A header of answers, set by a MeshHTTPRoute: until a request sees it. From the PUT. */
export async function byHeader(lab: Lab, trials: number): Promise<readonly number[]> {
  const requests = lab.requests(SERVICE);
  const times: number[] = [];
  for (let trial = -WARM_UP; trial < trials; trial += 1) {
    const value = `trial-${trial}`;
    await pause(Math.random() * GAP_MS);
    const began = performance.now();
    const put = lab.traffic.put("meshes/default/meshhttproutes/marked", {
      type: "MeshHTTPRoute",
      spec: {
        to: [{ targetRef: { kind: "MeshMultiZoneService", name: SERVICE }, rules: [rule(value)] }],
      },
    });
    const seen = await requests.until(({ headers }) => headers["x-trial"] === value, `answers with ${value}`);
    await put;
    if (trial >= 0) times.push(seen.at - began);
  }
  requests.close();
  return times;
}

function rule(value: string) {
  return {
    matches: [{ path: { type: "PathPrefix", value: "/" } }],
    default: {
      filters: [{ type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-trial", value }] } }],
    },
  };
}

/** A MeshTimeout for everything, so that each listener changes: until the Envoy counts its listeners as updated. From the PUT. */
export async function byTimeout(lab: Lab, trials: number): Promise<readonly number[]> {
  const updates = lab.admin("/stats?filter=^listener_manager.listener_in_place_updated$");
  const times: number[] = [];
  for (let trial = -WARM_UP; trial < trials; trial += 1) {
    await pause(Math.random() * GAP_MS);
    const { text: before } = await updates.ask();
    const began = performance.now();
    const put = lab.traffic.put(timeoutPath("all"), meshTimeout("all", `${10 + ((WARM_UP + trial) % 40)}s`));
    const seen = await updates.until(({ text }) => text !== before, "another timeout", ADMIN_PAUSE_MS);
    await put;
    if (trial >= 0) times.push(seen.at - began);
    // All of its listeners, and the proxies of the other zone.
    await pause(GAP_MS);
  }
  updates.close();
  return times;
}
