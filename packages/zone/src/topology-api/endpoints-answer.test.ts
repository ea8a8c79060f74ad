import { builtinTypes, Registry } from "@isthmus/resources";
import { expect, it } from "vitest";
import { StoreWorld } from "../testing/store-world.ts";
import { draft, WEST, westStore } from "../testing/west.ts";
import { dataplaneAnswer } from "./endpoints-answer.ts";

it("a sidecar with many services is answered in turns, each of the world as it then is", async () => {
  const spec = {
    selector: { dataplaneLabels: { matchLabels: { app: "backend" } } },
    ports: [{ port: 80, targetPort: 8080 }],
  };
  const many = Array.from({ length: 120 }, (_, n) =>
    draft("MeshService", `service-${String(n).padStart(3, "0")}`, spec, { status: { vips: [{ ip: `241.0.1.${n}` }] } }),
  );
  const store = await westStore(...many);
  const source = new StoreWorld(store, new Registry(builtinTypes), WEST);
  const web = source.world().proxy("default", "web");
  if (web === undefined) throw new Error("no Dataplane web");
  let hadItsTurn = false;
  setImmediate(() => (hadItsTurn = true));
  const answer = dataplaneAnswer(web, () => source.world());
  await store.commit([{ kind: "delete", key: { type: "Dataplane", mesh: "default", name: "backend-1" } }]);
  const { outbounds } = await answer;
  expect(hadItsTurn).toBe(true);
  expect(outbounds.slice(2).map(({ displayName }) => displayName)).toEqual(many.map(({ name }) => name));
  expect(outbounds.map(({ endpoints }) => endpoints.length)).toEqual([
    ...Array.from({ length: 50 }, () => 1),
    ...Array.from({ length: 72 }, () => 0),
  ]);
});
