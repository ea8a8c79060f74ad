/** Who may do what, from where: the table. And what an answer never shows, to anybody. */
import { readFileSync } from "node:fs";
import type { JsonValue } from "@isthmus/std";
import { beforeAll, describe, expect, it } from "vitest";
import { type AccessRig, type Ask, accessRig, ELSEWHERE, SIGNING_KEY } from "../testing/access-rig.ts";
import { DEFAULT_ACCESS } from "./access-rules.ts";

interface Recording {
  readonly name: string;
  readonly target: "global" | "west";
  readonly who: "admin" | "anonymous" | "nonsense";
  readonly request: { readonly method: Ask["method"]; readonly path: string; readonly body?: JsonValue };
  readonly response: {
    readonly status: number;
    readonly json?: JsonValue;
    readonly jwtHeader?: JsonValue;
    readonly jwtClaims?: Readonly<Record<string, JsonValue>>;
  };
}

const recordings = JSON.parse(
  readFileSync(new URL("../../testdata/access.json", import.meta.url), "utf8"),
) as readonly Recording[];

function decode(token: string): readonly [string, Readonly<Record<string, unknown>>] {
  const [header = "", payload = ""] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return [header, JSON.parse(payload) as Readonly<Record<string, unknown>>];
}

describe("recorded answers", () => {
  const rigs = new Map<string, AccessRig>();
  beforeAll(async () => {
    rigs.set("global", await accessRig());
    rigs.set("west", await accessRig({ role: "federated zone" }));
  });

  it.each(recordings)("$name", async ({ target, who, request, response }) => {
    const cp = rigs.get(target);
    if (cp === undefined) throw new Error("no such control plane");
    const admin = await cp.tokenOf("mesh-system:admin", "mesh-system:admin");
    const token = { admin, anonymous: undefined, nonsense: "nonsense" }[who];
    const answer = await cp.ask({ ...request, token });
    expect(answer.status, answer.text).toBe(response.status);
    if (response.jwtClaims === undefined) {
      expect(answer.text).toBe(`${JSON.stringify(response.json, null, 1)}\n`);
      expect(answer.headers["content-type"]).toBe("application/json");
      return;
    }
    const [header, claims] = decode(answer.text);
    expect(answer.headers["content-type"]).toBe("text/plain");
    expect(header).toBe(JSON.stringify(response.jwtHeader));
    expect(Object.keys(claims)).toEqual(Object.keys(response.jwtClaims));
    const { exp = 0, nbf = 0, iat, jti: _, ...own } = response.jwtClaims;
    expect(claims).toMatchObject(own);
    expect(claims["iat"]).toBe(claims["nbf"]);
    expect(iat).toBe(nbf);
    expect(Number(claims["exp"]) - Number(claims["nbf"])).toBe(Number(exp) - Number(nbf));
  });
});

const PUT_MESH: Ask = { method: "PUT", path: "/meshes/new", body: { type: "Mesh", name: "new" } };
const PUT_POLICY: Ask = {
  method: "PUT",
  path: "/meshes/default/meshtimeouts/t",
  body: { type: "MeshTimeout", mesh: "default", name: "t", spec: { targetRef: { kind: "Mesh" } } },
};
const secretBody = { type: "GlobalSecret", name: "s", data: "c2VjcmV0" };
const what: Readonly<Record<string, Ask>> = {
  "reads the index": { method: "GET", path: "/" },
  "reads a mesh": { method: "GET", path: "/meshes/default" },
  "reads the configuration": { method: "GET", path: "/config" },
  "creates a mesh": PUT_MESH,
  "writes a policy": PUT_POLICY,
  "deletes a policy": { method: "DELETE", path: "/meshes/default/meshtimeouts/mesh-timeout-all-default" },
  "lists secrets": { method: "GET", path: "/global-secrets" },
  "lists secrets of all meshes": { method: "GET", path: "/secrets" },
  "lists secrets of a mesh": { method: "GET", path: "/meshes/default/secrets" },
  "reads a secret": { method: "GET", path: "/global-secrets/admin-user-token" },
  "reads a secret for Kubernetes": { method: "GET", path: "/global-secrets/admin-user-token?format=kubernetes" },
  "reads a secret that is not there": { method: "GET", path: "/global-secrets/none" },
  "writes a secret": { method: "PUT", path: "/global-secrets/s", body: secretBody },
  "writes a broken secret": { method: "PUT", path: "/global-secrets/s", body: "{" },
  "deletes a secret": { method: "DELETE", path: "/meshes/default/secrets/dataplane-token-signing-key-default-1" },
  "deletes a secret that is not there": { method: "DELETE", path: "/global-secrets/none" },
  "issues a user token": { method: "POST", path: "/tokens/user", body: { name: "a", validFor: "1h" } },
  "issues a zone token": { method: "POST", path: "/tokens/zone", body: { zone: "a", scope: ["cp"] } },
  "issues a dataplane token": { method: "POST", path: "/tokens/dataplane", body: { mesh: "default" } },
};

const OK = "allowed";
const NO = "403";
const all = (answer: string, but: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.keys(what).map((action) => [action, answer])),
  ...but,
});
const SECRETS_AND_TOKENS = Object.fromEntries(
  Object.keys(what)
    .filter((action) => /secret|issues/.test(action))
    .map((action) => [action, NO]),
);
const WRITES = { "creates a mesh": NO, "writes a policy": NO, "deletes a policy": NO };
const UNAUTHENTICATED = all("401", { "reads the index": OK });

interface Who {
  readonly token?: (cp: AccessRig) => Promise<string>;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: Parameters<typeof accessRig>[0];
  readonly may: Readonly<Record<string, string>>;
}

const user =
  (...groups: readonly string[]) =>
  (cp: AccessRig) =>
    cp.tokenOf("john", ...groups);
const LOCAL = { from: "127.0.0.1", headers: { host: "localhost:5681" } } as const;
const not = { authentication: { localhostIsAdmin: false } } as const;

const who: Readonly<Record<string, Who>> = {
  "nobody from elsewhere": { may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }) },
  "nobody from elsewhere, Kuma's way": {
    options: { authentication: { anonymousWrites: true } },
    may: all(OK, SECRETS_AND_TOKENS),
  },
  "nobody from elsewhere, sure to be local": {
    headers: { host: "localhost:5681" },
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }),
  },
  "this machine": { ...LOCAL, may: all(OK) },
  "this machine in IPv6": { from: "::1", headers: { host: "[::1]:5681" }, may: all(OK) },
  "this machine with a token that does not count": { ...LOCAL, token: async () => "x", may: all(OK) },
  "this machine, not trusted": { ...LOCAL, options: not, may: all(OK, SECRETS_AND_TOKENS) },
  "this machine, not trusted, with an admin's token": {
    ...LOCAL,
    options: not,
    token: (cp) => cp.tokenOf("mesh-system:admin"),
    may: all(OK),
  },
  "a proxy on this machine": {
    ...LOCAL,
    headers: { ...LOCAL.headers, "x-forwarded-for": ELSEWHERE },
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }),
  },
  "a page in a browser on this machine": {
    ...LOCAL,
    headers: { ...LOCAL.headers, origin: "https://evil.example" },
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }),
  },
  "a page that renamed this machine": {
    ...LOCAL,
    headers: { host: "evil.example:5681", origin: "http://evil.example:5681" },
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }),
  },
  "a user": { token: user(), may: all(OK, SECRETS_AND_TOKENS) },
  "an admin by group": { token: user("mesh-system:admin"), may: all(OK) },
  "an admin by name": { token: (cp) => cp.tokenOf("mesh-system:admin"), may: all(OK) },
  "a user called like nobody": {
    token: (cp) => cp.tokenOf("mesh-system:anonymous"),
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES }),
  },
  "a user with rights of the configuration": {
    token: user("ops"),
    options: {
      access: {
        ...DEFAULT_ACCESS,
        generateZoneToken: { users: [], groups: ["ops"] },
        controlPlaneMetadata: { users: ["jane"], groups: [] },
      },
    },
    may: all(OK, { ...SECRETS_AND_TOKENS, "issues a zone token": OK, "reads the configuration": NO }),
  },
  "nobody, who may issue tokens": {
    options: { access: { ...DEFAULT_ACCESS, generateDpToken: { users: ["mesh-system:anonymous"], groups: [] } } },
    may: all(OK, { ...SECRETS_AND_TOKENS, ...WRITES, "issues a dataplane token": OK }),
  },
  "a token that is none": { token: async () => "nonsense", may: UNAUTHENTICATED },
  "a token of a zone": {
    token: async (cp) => {
      const issued = await cp.issuer.zone({ zone: "", scope: ["cp"] }, 3_600_000);
      // Same key material in this rig, so only the claims tell it apart: it names no user and no group.
      return issued.ok ? issued.value : "";
    },
    may: all(OK, SECRETS_AND_TOKENS),
  },
  "an expired token": {
    token: async (cp) => {
      const token = await cp.tokenOf("mesh-system:admin");
      cp.clock.advance(3_600_000);
      return token;
    },
    may: UNAUTHENTICATED,
  },
  "a revoked token": {
    token: async (cp) => {
      await cp.putSecret({ type: "GlobalSecret", mesh: "", name: "user-token-revocations" }, "other,id\n");
      return cp.tokenOf("mesh-system:admin");
    },
    may: UNAUTHENTICATED,
  },
};

describe.each(Object.entries(who))("%s", (_, { token, from, headers, options, may }) => {
  let cp: AccessRig;
  let sent: string | undefined;
  beforeAll(async () => {
    cp = await accessRig(options);
    sent = await token?.(cp);
  });

  it.each(Object.entries(what))("%s", async (action, ask) => {
    const asked = { ...ask, token: sent, ...(from && { from }), ...(headers && { headers }) };
    const { status, text } = await cp.ask(asked);
    const answer = status === 401 || status === 403 ? String(status) : OK;
    expect(`${action}: ${answer}`, text).toBe(`${action}: ${may[action]}`);
    if (answer === OK) expect(status, text).toBeLessThan(500);
    else expect(cp.refusals.at(-1)).toMatchObject({ status, address: from ?? ELSEWHERE });
  });
});

it("a write that is refused says how to make it, and why it was refused", async () => {
  const cp = await accessRig();
  const { text } = await cp.ask(PUT_MESH);
  expect(JSON.parse(text)).toMatchObject({
    title: "Access Denied",
    detail:
      'user "mesh-system:anonymous/mesh-system:unauthenticated" cannot write from 203.0.113.7: send the token of a user (the setting access.anonymousWrites lifts this)',
  });
  await cp.ask({ ...PUT_MESH, token: "nonsense" });
  expect(cp.refusals).toEqual([
    {
      status: 403,
      user: "mesh-system:anonymous/mesh-system:unauthenticated",
      address: ELSEWHERE,
      method: "PUT",
      route: "/meshes/{name}",
    },
    {
      status: 401,
      user: "mesh-system:anonymous/mesh-system:unauthenticated",
      address: ELSEWHERE,
      method: "PUT",
      route: "/meshes/{name}",
      reason: "could not parse token: it is no JWT",
    },
  ]);
});

describe("requests for tokens", () => {
  const fields = (text: string): unknown =>
    (JSON.parse(text) as { invalid_parameters?: { field: string; reason: string }[] }).invalid_parameters?.map(
      ({ field, reason }) => `${field}: ${reason}`,
    );

  it.each<[string, object | string, number, readonly string[] | string]>([
    ["dataplane", {}, 400, ["mesh: cannot be empty"]],
    [
      "dataplane",
      { validFor: "soon", type: "gateway" },
      400,
      [
        "mesh: cannot be empty",
        'validFor: is invalid: time: invalid duration "soon"',
        "type: gateway is not a valid proxy type",
      ],
    ],
    ["dataplane", { mesh: "default", tags: { a: "b" } }, 400, ""],
    ["dataplane", "{", 400, ""],
    ["zone", { scope: null }, 400, ["scope: cannot be empty"]],
    ["zone", { scope: [], validFor: "1" }, 400, ['validFor: is invalid: time: missing unit in duration "1"']],
    ["user", { name: "a", validFor: "0s" }, 400, ["validFor: cannot be empty or nil"]],
    [
      "user",
      { name: "a", validFor: "x" },
      400,
      ['validFor: is invalid: time: invalid duration "x"', "validFor: cannot be empty or nil"],
    ],
    ["user", [], 400, ""],
    ["user", "", 400, ""],
  ])("%s %j", async (kind, body, status, expected) => {
    const cp = await accessRig();
    const answer = await cp.ask({ method: "POST", path: `/tokens/${kind}`, body, ...LOCAL });
    expect(answer.status).toBe(status);
    expect(typeof expected === "string" ? answer.text : fields(answer.text)).toEqual(expected);
  });

  it("are refused where tokens are made offline, and unknown where users have none", async () => {
    const cp = await accessRig();
    const off = { issuesDataplaneTokens: false, issuesZoneTokens: false, issuesUserTokens: false };
    const offline = await accessRig({ tokens: { issuer: cp.issuer, ...off } });
    for (const [kind, body] of [
      ["dataplane", { mesh: "default" }],
      ["zone", { scope: [] }],
      ["user", { name: "a", validFor: "1h" }],
    ] as const) {
      const { status, text } = await offline.ask({ method: "POST", path: `/tokens/${kind}`, body, ...LOCAL });
      expect([status, JSON.parse(text)]).toMatchObject([
        400,
        { title: "Could not issue a token", detail: "issuing tokens using the control plane is disabled." },
      ]);
    }
    const without = await accessRig({ tokens: { issuer: cp.issuer, hasUserTokens: false } });
    expect((await without.ask({ method: "POST", path: "/tokens/user", body: {}, ...LOCAL })).status).toBe(404);
  });

  it("say which secret is no key, not what is in it", async () => {
    const cp = await accessRig();
    await cp.putSecret({ type: "GlobalSecret", mesh: "", name: "user-token-signing-key-2" }, "hunter2");
    const body = { name: "a", validFor: "1h" };
    const { status, text } = await cp.ask({ method: "POST", path: "/tokens/user", body, ...LOCAL });
    expect(status).toBe(500);
    expect(text).toContain("user-token-signing-key-2");
    expect(text).not.toContain("hunter2");
  });
});

describe("what nobody is shown", () => {
  const MARKS = [SIGNING_KEY.slice(40, 90), Buffer.from(SIGNING_KEY).toString("base64").slice(60, 120), "admin token"];

  it("secrets, whatever path a stranger takes", async () => {
    const cp = await accessRig({ isComplete: true });
    const names = ["default", "admin-user-token", "dataplane-token-signing-key-default-1"];
    await cp.ask({ method: "GET", path: "/" });
    const paths = cp.server.routes
      .filter(({ method }) => method === "GET")
      .map(({ url }) => url.replace(":mesh", "default"))
      .flatMap((url) => (/:\w+|\*/.test(url) ? names.map((name) => url.replace(/:\w+|\*/g, name)) : [url]));
    expect(paths.length).toBeGreaterThan(100);
    for (const path of paths) {
      const { text } = await cp.ask({ method: "GET", path: `${path}?format=kubernetes` });
      const plain = await cp.ask({ method: "GET", path });
      for (const mark of MARKS) expect(text.includes(mark) || plain.text.includes(mark), path).toBe(false);
    }
  });

  it("a token that was sent, in an answer or to whoever keeps the log", async () => {
    const cp = await accessRig();
    const token = await cp.tokenOf("john");
    const broken = `${token.slice(0, -4)}AAAA`;
    const answers = [
      await cp.ask({ method: "GET", path: "/global-secrets", token }),
      await cp.ask({ method: "GET", path: "/meshes", token: broken }),
      await cp.ask({
        method: "PUT",
        path: "/global-secrets/s",
        body: '{"type":"GlobalSecret","name":"s","data":5}',
        ...LOCAL,
      }),
      await cp.ask({ method: "PUT", path: "/global-secrets/s", body: { ...secretBody, data: "hunter2 %" }, ...LOCAL }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 401, 400, 400]);
    const said = JSON.stringify([answers, cp.refusals]);
    for (const secret of [token, broken, token.split(".")[2] ?? "", "hunter2"]) expect(said).not.toContain(secret);
  });
});
