import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { readService } from "../model/read-service.ts";
import { meshService, resource } from "../testing/resources.ts";
import { externalServiceConditions, withExternalServiceConditions } from "./external-service-status.ts";

const external = (spec: JsonObject) =>
  resource("MeshExternalService", "x", { spec, status: { vip: { ip: "242.0.0.0" } } });
const GOOD = external({ match: { port: 443 }, endpoints: [{ address: "192.0.2.1", port: 443 }] });
const BAD = external({ match: { port: 0 }, endpoints: [{ address: "192.0.2.1", port: 70_000 }, { port: 1 }, "odd"] });

const conditionsOf = (one: typeof GOOD) => {
  const view = readService(one);
  if (view === undefined) throw new Error("no service");
  return externalServiceConditions(view);
};

it("says nothing of a good service, and takes back what it said", () => {
  expect(conditionsOf(GOOD)).toEqual([]);
  expect(withExternalServiceConditions(GOOD, [])).toBe(GOOD);
  const healed = withExternalServiceConditions(withExternalServiceConditions(GOOD, conditionsOf(BAD)), []);
  expect(healed.status).toEqual(GOOD.status);
});

it("names all that is malformed, once", () => {
  const conditions = conditionsOf(BAD);
  const message = [
    "spec.match is ignored: port is not a number from 1 to 65535",
    ...[0, 1, 2].map((index) => `spec.endpoints[${index}] is ignored: it has no address or no port from 1 to 65535`),
  ].join("; ");
  expect(conditions).toEqual([{ type: "Malformed", status: "True", reason: "PartsIgnored", message }]);
  const written = withExternalServiceConditions(BAD, conditions);
  expect(written.status).toEqual({ vip: { ip: "242.0.0.0" }, conditions });
  expect(withExternalServiceConditions(written, conditions)).toBe(written);
});

it("is for MeshExternalServices only", () => {
  expect(conditionsOf(meshService("backend", [{ port: 0 }]))).toEqual([]);
});
