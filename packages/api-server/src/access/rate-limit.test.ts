import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { accessRig } from "../testing/access-rig.ts";
import { RateLimiter } from "./rate-limit.ts";

const A = "203.0.113.7";
const B = "203.0.113.8";

describe("a client", () => {
  it("may make as many requests at once as fit, then as many as come back with time", () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ requestsPerSecond: 2, burst: 3 }, clock);
    const take = (): boolean => limiter.take(A) === undefined;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    expect(limiter.take(A)).toBe(0.5);
    clock.advance(500);
    expect([take(), take()]).toEqual([true, false]);
    expect(limiter.take(B)).toBeUndefined();
    clock.advance(3_600_000);
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  });

  it.each([
    ["in another host of its /64", "2001:db8::1", "2001:db8:0:0:ffff::2", true],
    ["written in full", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true],
    ["in another /64", "2001:db8:0:1::1", "2001:db8::1", false],
    ["in IPv6 as in IPv4", "::ffff:203.0.113.7", A, true],
  ])("%s", (_, first, second, isSame) => {
    const limiter = new RateLimiter({ requestsPerSecond: 1, burst: 1 }, new FakeClock());
    limiter.take(first);
    expect(limiter.take(second) !== undefined).toBe(isSame);
  });

  it("is one of many, but memory is bounded", () => {
    const limiter = new RateLimiter({ requestsPerSecond: 1, burst: 1 }, new FakeClock());
    for (let i = 0; i < 20_000; i += 1) limiter.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(limiter.clients).toBe(10_000);
  });
});

describe("the server", () => {
  const rateLimit = { requestsPerSecond: 1, burst: 2 };

  it("says when to come back, and tells of it", async () => {
    const cp = await accessRig({ rateLimit, clock: new FakeClock() });
    const ask = (from: string) => cp.ask({ method: "GET", path: "/meshes", from });
    expect([(await ask(A)).status, (await ask(A)).status]).toEqual([200, 200]);
    const refused = await ask(A);
    expect([refused.status, refused.headers["retry-after"]]).toEqual([429, "1"]);
    expect(JSON.parse(refused.text)).toMatchObject({
      type: "/std-errors",
      title: "Too many requests",
      detail: `more than 2 requests at once or 1 each second from ${A}`,
    });
    expect(cp.refusals).toMatchObject([{ status: 429, address: A, route: "/meshes" }]);
    expect((await ask(B)).status).toBe(200);
  });

  it("does not limit its own machine", async () => {
    const cp = await accessRig({ rateLimit, clock: new FakeClock() });
    const answers = await Promise.all(
      ["127.0.0.1", "::1", "::ffff:127.0.0.1"].flatMap((from) =>
        Array.from({ length: 4 }, () => cp.ask({ method: "GET", path: "/", from })),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
