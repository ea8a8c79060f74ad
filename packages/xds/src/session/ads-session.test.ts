/** The invariants of SPEC.md, by number. */
import { describe, expect, it } from "vitest";
import { POLLS_PER_WINDOW_MAX, TYPES_MAX } from "./ads-session.ts";
import type { AdsVariant } from "./ads-state.ts";
import { AdsRig, notes, said, sendsOf } from "./testing/ads-rig.ts";

const BASE = {
  cds: { a: "1", b: "1", static: "1" },
  eds: { a: "1", b: "1" },
  lds: { in: "1", out: "1" },
  sds: { cert: "1", ca: "1" },
} as const;

/** As Envoy begins: clusters, endpoints of them, listeners, secrets; everything acknowledged. */
function started(variant: AdsVariant): AdsRig {
  const rig = new AdsRig(variant);
  rig.snapshot(BASE);
  if (variant === "state") {
    rig.request("cds");
    rig.request("eds", ["a", "b"]);
    rig.ack("cds");
    rig.ack("eds");
    rig.request("lds");
    rig.ack("lds");
    rig.request("sds", ["cert", "ca"]);
  } else {
    rig.delta("cds");
    rig.delta("eds", ["+a", "+b"]);
    rig.ack("cds");
    rig.ack("eds");
    rig.delta("lds");
    rig.ack("lds");
    rig.delta("sds", ["+cert", "+ca"]);
  }
  rig.ack("sds");
  return rig;
}

describe("A1: nothing is said before there is a snapshot, everything asked for once there is", () => {
  it("state", () => {
    const rig = new AdsRig("state");
    expect(said(rig.request("cds"))).toBe("");
    expect(rig.type("cds").phase).toBe("waiting");
    expect(said(rig.snapshot(BASE))).toBe("cds=[a:1 b:1 static:1]");
  });
  it("delta", () => {
    const rig = new AdsRig("delta");
    expect(said(rig.delta("cds"))).toBe("");
    expect(said(rig.snapshot(BASE))).toBe("cds+[a:1 b:1 static:1]");
  });
});

describe("A2: a first request for everything is answered also when there is nothing", () => {
  it("state", () => {
    const rig = new AdsRig("state");
    rig.snapshot({});
    expect(said(rig.request("cds"))).toBe("cds=[]");
    expect(said(rig.request("lds"))).toBe("");
    expect(said(rig.ack("cds"))).toBe("lds=[]");
  });
  it("delta", () => {
    const rig = new AdsRig("delta");
    rig.snapshot({});
    expect(said(rig.delta("cds"))).toBe("cds+[]");
    expect(said(rig.ack("cds"))).toBe("");
  });
});

describe("A3: one response in flight per type; what changes meanwhile goes out with the next, the latest state only", () => {
  it.each(["state", "delta"] as const)("%s", (variant) => {
    const rig = started(variant);
    expect(said(rig.snapshot({ ...BASE, eds: { a: "2", b: "1" } }))).toBe("eds+[a:2]");
    expect(said(rig.snapshot({ ...BASE, eds: { a: "3", b: "1" } }))).toBe("");
    expect(said(rig.snapshot({ ...BASE, eds: { a: "4", b: "4" } }))).toBe("");
    expect(said(rig.ack("eds"))).toBe("eds+[a:4 b:4]");
    expect(said(rig.ack("eds"))).toBe("");
  });
});

describe("A4: make before break", () => {
  it.each(["state", "delta"] as const)(
    "%s: clusters, then endpoints, then listeners, and only then the old clusters go",
    (variant) => {
      const rig = started(variant);
      const next = {
        ...BASE,
        cds: { b: "1", c: "1", static: "1" },
        eds: { b: "1", c: "1" },
        lds: { in: "1", out: "2" },
      };
      const whole = variant === "state";
      expect(said(rig.snapshot(next))).toBe(whole ? "cds=[a:1 b:1 c:1 static:1]" : "cds+[c:1]");
      const nonce = rig.type("eds").lastNonce;
      const asked = whole ? rig.request("eds", ["a", "b", "c"], nonce) : rig.delta("eds", ["+c"]);
      // Envoy acknowledges the clusters when they are warm, for which it needs the endpoints.
      expect(said(asked)).toBe("eds+[c:1]");
      expect(said(rig.ack("eds"))).toBe("");
      expect(said(rig.ack("cds"))).toBe(whole ? "lds=[in:1 out:2]" : "lds+[out:2]");
      expect(said(rig.ack("lds"))).toBe(whole ? "cds=[b:1 c:1 static:1]" : "cds-[a] eds-[a]");
      // Envoy unsubscribes from the endpoints of a cluster that is gone.
      if (whole) rig.request("eds", ["b", "c"], rig.type("eds").lastNonce);
      else rig.delta("eds", ["-a"]);
      expect(said(rig.ack("cds"))).toBe("");
    },
  );

  it("does not hold secrets back", () => {
    const rig = started("state");
    const effects = rig.snapshot({
      ...BASE,
      cds: { ...BASE.cds, c: "1" },
      sds: { cert: "2", ca: "1" },
      lds: { in: "2" },
    });
    expect(said(effects)).toBe("cds=[a:1 b:1 c:1 static:1] sds+[cert:2]");
  });

  it("withdraws clusters at once where no listener or route is behind", () => {
    const rig = started("state");
    expect(said(rig.snapshot({ ...BASE, cds: { a: "1", static: "1" }, eds: { a: "1" } }))).toBe("cds=[a:1 static:1]");
  });
});

describe("A5: endpoints of changed clusters are told again, for Envoy warms them anew", () => {
  it.each(["state", "delta"] as const)("%s", (variant) => {
    const rig = started(variant);
    const effects = rig.snapshot({ ...BASE, cds: { ...BASE.cds, a: "2" } });
    expect(said(effects)).toBe(variant === "state" ? "cds=[a:2 b:1 static:1] eds+[a:1]" : "cds+[a:2] eds+[a:1]");
  });
  it("also of a cluster that vanishes from the snapshot before Envoy has asked for them", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    rig.request("cds");
    rig.snapshot({ ...BASE, cds: { b: "1" }, eds: { b: "1" } });
    expect(said(rig.request("eds", ["a", "b"]))).toBe("eds=[a:1 b:1]");
    rig.ack("eds");
    expect(said(rig.ack("cds"))).toBe("cds=[b:1]");
  });
  it("also while endpoints are in flight, whatever becomes of them", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, eds: { a: "2", b: "1" } });
    rig.snapshot({ ...BASE, eds: { a: "2", b: "1" }, cds: { ...BASE.cds, b: "2" } });
    rig.ack("cds");
    expect(said(rig.nack("eds", "a: no"))).toBe("eds+[b:1]");
  });
});

describe("A6: an ACK confirms the flight with its nonce and nothing else", () => {
  it("stale nonces change nothing, invented ones neither", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, eds: { a: "2", b: "1" } });
    expect(notes(rig.request("eds", ["a", "b"], "1"))).toEqual(["staleNonce"]);
    expect(notes(rig.request("eds", ["a", "b"], "77"))).toEqual(["foreignNonce"]);
    expect(notes(rig.request("eds", ["a", "b"], "made up"))).toEqual(["foreignNonce"]);
    expect(rig.type("eds").phase).toBe("flying");
    expect(notes(rig.ack("eds"))).toEqual(["acked", "converged"]);
  });
  it("a second ACK of the same nonce is no news", () => {
    const rig = started("state");
    expect(rig.ack("eds")).toEqual([]);
    expect(rig.type("eds").acks).toBe(1);
  });
});

describe("A7: rejected content is not told again until it changes; the last good one stays", () => {
  it("a named resource alone is kept out, the others of the response are told again", () => {
    const rig = started("delta");
    rig.snapshot({ ...BASE, eds: { a: "bad", b: "2" } });
    const effects = rig.nack("eds", "Error: a: malformed address");
    expect(effects.find((effect) => effect.kind === "note")).toMatchObject({
      note: "nacked",
      resources: ["a"],
      message: "Error: a: malformed address",
    });
    expect(said(effects)).toBe("eds+[b:2]");
    expect(notes(rig.ack("eds"))).toContain("acked");
    // Everything else goes on; `a` does not.
    expect(said(rig.snapshot({ ...BASE, eds: { a: "bad", b: "3" } }))).toBe("eds+[b:3]");
    rig.ack("eds");
    expect(said(rig.snapshot({ ...BASE, eds: { a: "good", b: "3" } }))).toBe("eds+[a:good]");
    rig.ack("eds");
    expect(rig.type("eds").rejected.size).toBe(0);
  });

  it("state of the world: the last good cluster stands in the list in its place", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, cds: { ...BASE.cds, a: "bad", new: "worse" } });
    expect(said(rig.nack("cds", "Error adding/updating cluster(s) a: no, new: neither"))).toBe("");
    rig.ack("eds");
    rig.now += 5_000;
    expect(said(rig.snapshot({ ...BASE, cds: { a: "bad", b: "2", static: "1", new: "worse" } }))).toBe(
      "cds=[a:1 b:2 static:1] eds+[b:1]",
    );
  });

  it("a message that names nothing puts the blame on everything new: back to the last good content", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, lds: { in: "bad", out: "1" } });
    expect(said(rig.nack("lds", "something is wrong"))).toBe("lds=[in:1 out:1]");
    rig.ack("lds");
    rig.now += 60_000;
    expect(said(rig.step({ kind: "woken" }))).toBe("");
    expect(said(rig.snapshot({ ...BASE, lds: { in: "bad", out: "1" }, eds: { a: "2", b: "1" } }))).toBe("eds+[a:2]");
    rig.ack("eds");
    expect(said(rig.snapshot({ ...BASE, lds: { in: "good", out: "1" }, eds: { a: "2", b: "1" } }))).toBe(
      "lds=[in:good out:1]",
    );
  });

  it("what is in doubt stays while newer content is refused", () => {
    const rig = new AdsRig("delta");
    rig.delta("cds");
    rig.snapshot({ cds: { a: "bad", c: "1" }, eds: { a: "1", c: "1" } });
    rig.delta("eds", ["+a", "+c"]);
    rig.snapshot({ cds: { c: "bad" }, eds: { c: "1" }, lds: { in: "c" } });
    rig.nack("cds", "Error adding/updating cluster(s) a: no");
    rig.ack("eds");
    rig.ack("eds");
    rig.now += 5_000;
    expect(said(rig.step({ kind: "woken" }))).toBe("cds+[c:bad] eds+[c:1]");
    expect(said(rig.nack("cds", "Error adding/updating cluster(s) c: no"))).toBe("");
    rig.ack("eds");
    expect(said(rig.delta("lds"))).toBe("lds+[in:c]");
    expect(said(rig.ack("lds"))).toBe("");
    rig.now += 5_000;
    expect(said(rig.snapshot({ lds: {} }))).toBe("lds-[in]");
    expect(said(rig.ack("lds"))).toContain("cds-[c]");
  });

  it("clusters of a rejected listener stay", () => {
    const rig = started("state");
    const next = { ...BASE, cds: { b: "1", static: "1" }, eds: { b: "1" }, lds: { in: "1", out: "bad" } };
    expect(said(rig.snapshot(next))).toBe("lds=[in:1 out:bad]");
    expect(said(rig.nack("lds", "Error adding/updating listener(s) out: no"))).toBe("");
    expect(rig.type("cds").told.has("a")).toBe(true);
    rig.now += 5_000;
    expect(said(rig.snapshot({ ...next, lds: { in: "1", out: "good" } }))).toBe("lds=[in:1 out:good]");
    expect(said(rig.ack("lds"))).toBe("cds=[b:1 static:1]");
  });

  it("listeners wait when nobody knows which clusters are to blame", () => {
    const rig = started("state");
    const next = { ...BASE, cds: { ...BASE.cds, c: "bad" }, lds: { in: "2", out: "1" } };
    rig.snapshot(next);
    expect(said(rig.nack("cds", "something is wrong"))).toBe("cds=[a:1 b:1 static:1]");
    expect(said(rig.ack("cds"))).toBe("");
    expect(said(rig.snapshot({ ...next, eds: { a: "2", b: "1" } }))).toBe("eds+[a:2]");
    rig.ack("eds");
    rig.now += 5_000;
    expect(said(rig.snapshot({ ...next, eds: { a: "2", b: "1" }, cds: { ...BASE.cds, c: "good" } }))).toBe(
      "cds=[a:1 b:1 c:good static:1]",
    );
    expect(said(rig.ack("cds"))).toBe("lds=[in:2 out:1]");
  });

  it("does not hold later types up", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, cds: { ...BASE.cds, c: "bad" }, lds: { in: "2", out: "1" } });
    expect(said(rig.nack("cds", "cluster(s) c: no"))).toBe("lds=[in:2 out:1]");
  });
});

describe("A8: pauses after NACKs grow up to the limit and end with an ACK", () => {
  it("100, 200, 400, ... 5000 ms", () => {
    const rig = started("state");
    const pauses = [];
    for (let i = 0; i < 8; i += 1) {
      rig.snapshot({ ...BASE, eds: { a: `bad ${i}`, b: "1" } });
      rig.now = Math.max(rig.now, rig.type("eds").notBefore);
      rig.step({ kind: "woken" });
      rig.nack("eds", "a: no");
      pauses.push(rig.type("eds").notBefore - rig.now);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    rig.now += 5_000;
    rig.snapshot({ ...BASE, eds: { a: "2", b: "1" } });
    rig.ack("eds");
    expect(rig.type("eds").notBefore).toBe(0);
  });
  it("content that changes during the pause waits for its end", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, eds: { a: "bad", b: "1" } });
    rig.nack("eds", "a: no");
    const effects = rig.snapshot({ ...BASE, eds: { a: "good", b: "1" } });
    expect(said(effects)).toBe("");
    expect(effects).toContainEqual({ kind: "wakeAt", at: rig.now + 100 });
    expect(said(rig.step({ kind: "drained" }))).toBe("");
    rig.now += 100;
    expect(said(rig.step({ kind: "woken" }))).toBe("eds+[a:good]");
  });
});

describe("A9: subscriptions", () => {
  it("state: names that are added are told, names that left are forgotten and told anew when they come back", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    expect(said(rig.request("eds", ["a"]))).toBe("eds=[a:1]");
    rig.ack("eds");
    const nonce = rig.type("eds").lastNonce;
    expect(said(rig.request("eds", ["a", "b"], nonce))).toBe("eds+[b:1]");
    rig.ack("eds");
    expect(said(rig.request("eds", ["b"], rig.type("eds").lastNonce))).toBe("");
    expect(said(rig.request("eds", ["a", "b"], rig.type("eds").lastNonce))).toBe("eds+[a:1]");
  });
  it("state: names asked for while a response is on its way are told after it", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    rig.request("eds", ["a"]);
    expect(said(rig.request("eds", ["a", "b"]))).toBe("");
    expect(said(rig.ack("eds"))).toBe("eds+[b:1]");
  });
  it("state: an empty list means everything only as long as no name was ever given, and only for clusters and listeners", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    expect(said(rig.request("eds"))).toBe("");
    expect(said(rig.request("cds", ["a"]))).toBe("cds=[a:1]");
    rig.ack("cds");
    expect(said(rig.request("cds", [], rig.type("cds").lastNonce))).toBe("");
    rig.snapshot({ ...BASE, cds: { a: "2" } });
    expect(rig.type("cds").phase).toBe("idle");
    expect(said(rig.request("cds", ["*"], rig.type("cds").lastNonce))).toBe("cds=[a:2]");
  });
  it("state: clusters by name are a full state, a name that is gone is absent from it", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    rig.request("lds", ["in"]);
    rig.ack("lds");
    expect(said(rig.snapshot({ ...BASE, lds: { out: "1" } }))).toBe("lds=[]");
  });
  it("delta: names that do not exist are answered as removed", () => {
    const rig = new AdsRig("delta");
    rig.snapshot(BASE);
    expect(said(rig.delta("sds", ["+cert", "+nowhere"]))).toBe("sds+[cert:1] sds-[nowhere]");
    rig.ack("sds");
    expect(said(rig.snapshot({ ...BASE, sds: { cert: "1", nowhere: "1" } }))).toBe("sds+[nowhere:1]");
  });
  it("delta: subscribing once more asks for it once more", () => {
    const rig = started("delta");
    expect(said(rig.delta("eds", ["+a"]))).toBe("eds+[a:1]");
  });
  it("delta: a wildcard stays beside names until it is unsubscribed; leaving a name under it tells the resource again", () => {
    const rig = started("delta");
    expect(said(rig.delta("cds", ["+a"]))).toBe("cds+[a:1] eds+[a:1]");
    rig.ack("cds");
    rig.ack("eds");
    expect(said(rig.snapshot({ ...BASE, cds: { ...BASE.cds, static: "2" } }))).toBe("cds+[static:2]");
    rig.ack("cds");
    expect(said(rig.delta("cds", ["-a"]))).toBe("cds+[a:1] eds+[a:1]");
    rig.ack("cds");
    rig.ack("eds");
    rig.delta("cds", ["-*"]);
    expect(said(rig.snapshot({ ...BASE, cds: { a: "9" } }))).toBe("");
    expect(said(rig.delta("cds", ["+*"]))).toBe("cds+[a:9] eds+[a:1]");
  });
  it("delta: a subscription changes without a nonce and with one that is stale alike", () => {
    const rig = new AdsRig("delta");
    rig.snapshot(BASE);
    rig.delta("eds", ["+a"]);
    rig.ack("eds");
    rig.delta("eds", ["+b"], { nonce: "1" });
    expect(rig.type("eds").phase).toBe("flying");
    rig.delta("eds", ["-a"], { nonce: "1" });
    rig.ack("eds");
    expect([...rig.type("eds").told].map(({ name }) => name)).toEqual(["b"]);
  });
});

describe("A10: what a peer has from an earlier stream is not sent again (delta)", () => {
  it("only differences, and removals of what is superfluous", () => {
    const rig = new AdsRig("delta");
    rig.snapshot(BASE);
    const has = { a: rig.versionOf("cds", "1"), b: "of another time", gone: "x" };
    expect(said(rig.delta("cds", [], { has }))).toBe("cds+[b:1 static:1] cds-[gone]");
  });
  it("an answer is owed even if it has everything", () => {
    const rig = new AdsRig("delta");
    rig.snapshot({ cds: { a: "1" } });
    expect(said(rig.delta("cds", [], { has: { a: rig.versionOf("cds", "1") } }))).toBe("cds+[]");
  });
  it("before the snapshot as well, and other peers still get the content", () => {
    const rig = new AdsRig("delta");
    rig.delta("cds", [], { has: { a: rig.versionOf("cds", "1"), gone: "x" } });
    expect(said(rig.snapshot({ cds: { a: "1" } }))).toBe("cds-[gone]");
    rig.ack("cds");
    expect(said(rig.delta("cds", ["+a"]))).toBe("cds+[a:1]");
  });
  it("content that is not here is never sent", () => {
    const rig = new AdsRig("delta");
    rig.delta("lds", [], { has: { out: "old" } });
    rig.delta("cds", [], { has: { old: "y" } });
    // The listener is behind, so the cluster that the peer brought may not be withdrawn yet.
    expect(said(rig.snapshot({ cds: { a: "1" }, lds: { out: "1" } }))).toBe("cds+[a:1]");
    expect(said(rig.ack("cds"))).toBe("lds+[out:1]");
    expect(said(rig.ack("lds"))).toBe("cds-[old]");
  });
});

describe("A11: while the stream is blocked nothing is said; one `drained` says the latest state", () => {
  it.each(["state", "delta"] as const)("%s", (variant) => {
    const rig = started(variant);
    rig.step({ kind: "blocked" });
    expect(said(rig.snapshot({ ...BASE, eds: { a: "2", b: "1" } }))).toBe("");
    expect(said(rig.snapshot({ ...BASE, eds: { a: "3", b: "1" } }))).toBe("");
    expect(said(rig.step({ kind: "drained" }))).toBe("eds+[a:3]");
  });
});

describe("A12: nothing that a peer sends throws or grows the state without bound", () => {
  it("a peer that never sends a nonce is cut off", () => {
    const rig = new AdsRig("state");
    rig.snapshot(BASE);
    let effects = rig.request("cds");
    for (let i = 0; i < POLLS_PER_WINDOW_MAX; i += 1) effects = rig.request("cds");
    expect(effects).toMatchObject([{ kind: "endStream", code: "RESOURCE_EXHAUSTED" }]);
    expect(rig.request("cds")).toEqual([]);
  });
  it("so is one that asks for any number of types, or for none", () => {
    const ask = (rig: AdsRig, typeUrl: string) =>
      rig.step({ kind: "request", typeUrl, nonce: "", error: undefined, interest: { variant: "state", names: [] } });
    const rig = new AdsRig("state");
    for (let i = 0; i < TYPES_MAX; i += 1) ask(rig, `type ${i}`);
    expect(ask(rig, "one more")).toMatchObject([{ kind: "endStream", code: "INVALID_ARGUMENT" }]);
    expect(ask(new AdsRig("state"), "")).toMatchObject([
      { kind: "endStream", code: "INVALID_ARGUMENT", message: "type URL is required for ADS" },
    ]);
  });
  it("long messages are cut", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, eds: { a: "bad", b: "1" } });
    rig.nack("eds", "x".repeat(1_000_000));
    expect(rig.type("eds").lastNack?.message.length).toBeLessThan(5_000);
  });
  it("types that no snapshot has are empty", () => {
    const rig = started("delta");
    expect(said(rig.delta("rds", ["+nowhere"]))).toBe("rds-[nowhere]");
  });
});

describe("A13: `converged` says that everything of a revision is acknowledged", () => {
  it("once for each snapshot, when the last type is", () => {
    const rig = started("state");
    const effects = rig.snapshot({ ...BASE, eds: { a: "2", b: "1" }, sds: { cert: "2", ca: "1" } });
    expect(notes(effects)).toEqual([]);
    expect(notes(rig.ack("eds"))).toEqual(["acked"]);
    expect(rig.ack("sds").filter(({ kind }) => kind === "note")).toMatchObject([
      { note: "acked" },
      { note: "converged", revision: 2, isRejecting: false },
    ]);
  });
  it("at once when nothing concerns the proxy", () => {
    const rig = started("state");
    expect(notes(rig.snapshot(BASE))).toEqual(["converged"]);
    expect(sendsOf(rig.snapshot(BASE))).toEqual([]);
  });
  it("not before Envoy has asked for the listeners", () => {
    const rig = new AdsRig("state");
    rig.snapshot({ cds: {}, lds: { in: "1" } });
    rig.request("cds");
    expect(notes(rig.ack("cds"))).toEqual(["acked"]);
    rig.request("lds");
    expect(notes(rig.ack("lds"))).toEqual(["acked", "converged"]);
  });
  it("with what was rejected left out", () => {
    const rig = started("state");
    rig.snapshot({ ...BASE, eds: { a: "bad", b: "1" } });
    expect(rig.nack("eds", "a: no")).toMatchObject([{ note: "nacked" }, { note: "converged", isRejecting: true }]);
  });
});

describe("A14: a request without nonce starts the type over (state)", () => {
  it("everything is told again", () => {
    const rig = started("state");
    expect(said(rig.request("eds", ["a", "b"]))).toBe("eds=[a:1 b:1]");
  });
});
