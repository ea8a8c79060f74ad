import { expect, it } from "vitest";
import { matchedOf, policy } from "../testing/builders.ts";
import { proxyConf } from "./proxy-conf.ts";

it("merges what policies say of the proxy, and names all of them", () => {
  const matched = matchedOf(
    policy("b", {
      type: "MeshMetric",
      default: { sidecar: { includeUnused: false, profiles: { appendProfiles: [{ name: "Basic" }] } }, backends: [1] },
    }),
    policy("a", {
      type: "MeshMetric",
      default: { sidecar: { profiles: { appendProfiles: [{ name: "None" }] } }, backends: [2] },
    }),
    policy("empty", { type: "MeshMetric", targetRef: { kind: "MeshService", name: "web" } }),
  );
  const merged = proxyConf(matched);
  expect(merged?.conf).toEqual({
    sidecar: { includeUnused: false, profiles: { appendProfiles: [{ name: "Basic" }, { name: "None" }] } },
    backends: [2],
  });
  expect(merged?.origins.map(({ displayName }) => displayName)).toEqual(["b", "a", "empty"]);
  expect(proxyConf([])).toBeUndefined();
});
