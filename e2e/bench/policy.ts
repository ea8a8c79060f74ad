/** A policy is written to the global: until it runs in an Envoy of west. */
import { meshTimeout, timeoutPath } from "../harness/samples.ts";
import { ADDRESS, type Lab } from "./lab.ts";
import { SERVICE } from "./readiness.ts";
import { pause } from "./watch.ts";

const GAP_MS = 200;
const WARM_UP = 50;

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

/** A MeshTimeout for everything, so that each listener and cluster changes: until the Envoy says that it runs with it. From the PUT. */
export async function byTimeout(lab: Lab, trials: number): Promise<readonly number[]> {
  const listener = `outbound:${ADDRESS.client}:${lab.outboundPort(SERVICE)}`;
  const dump = lab.admin(`/config_dump?resource=dynamic_listeners&name_regex=${listener}`);
  const times: number[] = [];
  for (let trial = -WARM_UP; trial < trials; trial += 1) {
    const seconds = 1_000 + WARM_UP + trial;
    await pause(Math.random() * GAP_MS);
    const began = performance.now();
    const put = lab.traffic.put(timeoutPath("all"), meshTimeout("all", `${seconds}s`));
    const seen = await dump.until(({ text }) => isActive(text, `"${seconds}s"`), `a timeout of ${seconds} s`);
    await put;
    if (trial >= 0) times.push(seen.at - began);
  }
  dump.close();
  return times;
}

/** What is warming does not run yet. */
function isActive(dump: string, text: string): boolean {
  const at = dump.indexOf(text);
  if (at < 0) return false;
  const { configs } = JSON.parse(dump) as { configs: { active_state?: unknown }[] };
  return configs.some((listener) => JSON.stringify(listener.active_state ?? "").includes(text));
}
