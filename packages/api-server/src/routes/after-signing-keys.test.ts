import { TokenIssuer } from "@isthmus/identity";
import { systemClock } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Rig, rig } from "../testing/rig.ts";

/** A server whose signing keys are made when the test says so. */
function starting(): { readonly ask: Rig["ask"]; readonly makeKeys: () => void } {
  let makeKeys = (): void => {};
  const made = new Promise<void>((resolve) => {
    makeKeys = resolve;
  });
  const { store, ask } = rig({
    signingKeys: () => made,
    tokens: { issuer: new TokenIssuer({ store: rig().store, clock: systemClock, uuid: () => "id" }) },
    authentication: { localhostIsAdmin: true },
  });
  expect(store.revision).toBe(0);
  return { ask, makeKeys };
}

describe("while signing keys are made", () => {
  it.each([
    ["GET", "/secrets", undefined, 200],
    ["GET", "/global-secrets/zone-token-signing-key-1", undefined, 404],
    ["DELETE", "/global-secrets/zone-token-signing-key-1", undefined, 404],
    ["POST", "/tokens/zone", { zone: "east", scope: ["cp"] }, 404],
    ["POST", "/tokens/dataplane", { mesh: "default", name: "web" }, 404],
  ])("%s %s waits for them", async (method, path, body, status) => {
    const { ask, makeKeys } = starting();
    let isAnswered = false;
    const answer = ask(method, path, body, { "content-type": "application/json" }).finally(() => {
      isAnswered = true;
    });
    // A request that waits for nothing, asked later, is answered first.
    expect(await ask("GET", "/meshes")).toMatchObject({ status: 200 });
    expect(isAnswered).toBe(false);
    makeKeys();
    expect((await answer).status).toBe(status);
  });
});
