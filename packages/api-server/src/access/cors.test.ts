import { describe, expect, it } from "vitest";
import { accessRig } from "../testing/access-rig.ts";

const PAGE = "https://gui.example.org";
const ALLOW = "access-control-allow-origin";

describe("a page from elsewhere", () => {
  const ask = async (
    domains: readonly string[],
    headers: Readonly<Record<string, string>>,
    method: "GET" | "OPTIONS" = "GET",
  ) => {
    const { server } = await accessRig({ corsAllowedDomains: domains });
    return server.inject({
      method,
      url: "/meshes/default",
      headers: { host: "localhost:5681", ...headers },
    });
  };

  it.each<[string, readonly string[], string, boolean]>([
    ["nobody's by default", [], PAGE, false],
    ["an allowed one", ["https://other.example", PAGE], PAGE, true],
    ["an allowed one in capitals", ["HTTPS://GUI.example.org"], PAGE, true],
    ["one of many by pattern", ["https://[a-z]+\\.example\\.org"], PAGE, true],
    ["everybody's", [".*"], "null", true],
    ["another", [PAGE], "https://gui.example.org.evil.example", false],
    ["another by pattern", ["https://gui.example.org"], "https://gui.example.org:8443", false],
    ["one of a pattern that is none", ["https://(["], "https://(", false],
  ])("%s", async (_, domains, origin, isAllowed) => {
    const answer = await ask(domains, { origin });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers[ALLOW]).toBe(isAllowed ? origin : undefined);
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    if (domains.length > 0) expect(answer.headers.vary).toBe("origin");
  });

  it("is told before it asks, if it is allowed", async () => {
    const preflight = { "access-control-request-method": "PUT", "access-control-request-headers": "authorization" };
    const allowed = await ask([PAGE], { origin: PAGE, ...preflight }, "OPTIONS");
    expect([allowed.statusCode, allowed.headers[ALLOW], allowed.headers["access-control-allow-headers"]]).toEqual([
      200,
      PAGE,
      "authorization",
    ]);
    expect(allowed.headers["access-control-allow-methods"]).toContain("PUT");
    const refused = await ask([PAGE], { origin: "https://evil.example", ...preflight }, "OPTIONS");
    expect([refused.statusCode, refused.headers[ALLOW]]).toEqual([405, undefined]);
  });

  it("may read what everybody may, and is no administrator", async () => {
    const cp = await accessRig({ corsAllowedDomains: [PAGE] });
    const headers = { host: "localhost:5681", origin: PAGE };
    const ask = { method: "GET", path: "/global-secrets", from: "127.0.0.1", headers } as const;
    expect((await cp.ask(ask)).status).toBe(403);
    expect((await cp.ask({ ...ask, token: await cp.tokenOf("mesh-system:admin") })).status).toBe(200);
  });
});
