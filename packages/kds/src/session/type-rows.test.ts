import { describe, expect, it } from "vitest";
import { blankReceiverType, type OwnReceiverType, RECEIVER_AT_REST } from "./receiver-at-rest.ts";
import { blankSenderType, type OwnType, SENDER_AT_REST } from "./sender-at-rest.ts";
import { SentVersions } from "./sent-versions.ts";
import { type RestingForm, TypeRows } from "./type-rows.ts";

const cursor = { revision: 7, position: 3 };
const numbers = { subscribedAt: 1_700_000_000_000, acks: 4, nacks: 1, bytes: 2 ** 40 };
const rejected = new Map([["a.", { version: "1", message: "no", isCertain: true, since: 1, changedAt: 1 }]]);
const flight = {
  nonce: "1",
  cursor,
  sentAt: 1,
  oldestChangeAt: 1,
  bytes: 1,
  upserts: SentVersions.of([]),
  removals: [],
};
const response = { type: "T", nonce: "1", upserts: [], removed: [], invalid: [], intents: [], bytes: 1 };

const senderAtRest: OwnType = {
  ...blankSenderType("T", 1),
  ...numbers,
  phase: "idle",
  cursor,
  acked: cursor,
  responses: 5,
};
const senderAwake: readonly Partial<OwnType>[] = [
  { phase: "flying" },
  { named: { names: new Set(), known: new Map() } },
  { cursor: undefined, acked: undefined },
  { cursor: { revision: 8, position: 3 } },
  { cursor: { revision: 7, position: 4 } },
  { cursor: { ...cursor, isPartial: true }, acked: cursor },
  { acked: undefined },
  { flight },
  { owesAnswer: true },
  { pendingSince: 0 },
  { unconfirmedSince: 0 },
  { rejected },
  { held: ["hold"] },
  { heldSince: 0 },
  { oversizeBytes: 0 },
  { lastNack: { at: 0, message: "" } },
  { initialVersions: new Map() },
];

const receiverAtRest: OwnReceiverType = {
  ...blankReceiverType("T", 1),
  ...numbers,
  phase: "idle",
  isInitialDone: true,
  received: 5,
  lastNonce: "12",
  lastReceivedAt: 0,
};
const receiverAwake: readonly Partial<OwnReceiverType>[] = [
  { phase: "applying" },
  { isInitialDone: false },
  { applying: { ...response, initial: true } },
  { applyingSince: 0 },
  { queue: [response] },
  { lastNack: { at: 0, message: "" } },
  { rejected: new Map([["a.", { wireName: "a.", kind: "invalid", reason: "no", version: "1", since: 1 }]]) },
  { holds: ["hold"] },
  { heldSince: 0 },
  { toldHolds: ["hold"] },
  { lastNonce: "012" },
  { lastNonce: "1e3" },
  { lastNonce: "12345678901234567" },
];

function checks<Row extends object>(form: RestingForm<Row>, atRest: readonly Row[], awake: readonly Row[]): void {
  it("gives back what was put in", () => {
    const rows = new TypeRows(form);
    for (const [i, row] of [...atRest, ...awake].entries()) {
      rows.set("other", atRest[0] as Row);
      const type = `T${i % 3}`;
      rows.set(type, { ...row, type });
      expect(rows.get(type)).toEqual({ ...row, type });
      expect(rows.get("other")).toEqual({ ...atRest[0], type: "other" });
    }
    expect([...rows.keys()]).toEqual(["other", "T0", "T1", "T2"]);
    expect([...rows].map(([type]) => type)).toEqual([...rows.keys()]);
    expect(rows.get("T9")).toBeUndefined();
  });

  it("keeps as an object only what is not at rest", () => {
    const rows = new TypeRows(form);
    for (const row of atRest) rows.set("T", row);
    expect(rows.awake()).toEqual([]);
    for (const row of awake) {
      rows.set("T", row);
      expect(rows.awake()).toEqual([row]);
    }
    for (let i = 0; i < 100; i += 1) rows.set(`T${i}`, atRest[0] as Row);
    expect(rows.size).toBe(101);
    expect([...rows.values()].slice(1)).toEqual(
      Array.from({ length: 100 }, (_, i) => ({ ...atRest[0], type: `T${i}` })),
    );
  });
}

describe("rows of a sender", () => {
  checks(
    SENDER_AT_REST,
    [senderAtRest, { ...senderAtRest, lastAckAt: 0 }],
    senderAwake.map((deviation) => ({ ...senderAtRest, ...deviation })),
  );
});

describe("rows of a receiver", () => {
  checks(
    RECEIVER_AT_REST,
    [receiverAtRest, { ...receiverAtRest, lastAppliedAt: 1 }, blankReceiverSubscribed()],
    receiverAwake.map((deviation) => ({ ...receiverAtRest, ...deviation })),
  );
});

function blankReceiverSubscribed(): OwnReceiverType {
  return { ...blankReceiverType("T", 1), phase: "subscribed" };
}
