import { describe, expect, it } from "vitest";
import { type Profiles, parseProfiles } from "./profile.ts";
import { parseHeaders, resolveSettings, type ServerOptions, serverAddress } from "./settings.ts";

const profiles: Profiles = {
  current: "prod",
  profiles: [
    { name: "prod", server: "https://prod:5682", token: "prod-token", mesh: "shop", headers: { a: "1" } },
    { name: "lab", server: "http://lab:5681", caFile: "/lab/ca.crt" },
  ],
};

const settled = (options: ServerOptions, env: Record<string, string> = {}, known: Profiles = profiles) => {
  const resolved = resolveSettings(options, env, known);
  if (!resolved.ok) throw new Error(resolved.error);
  const { server, token, tokenFile, mesh, caFile } = resolved.value;
  return { server, token, tokenFile, mesh, caFile };
};
const refused = (options: ServerOptions, env: Record<string, string> = {}, known: Profiles = profiles): string => {
  const resolved = resolveSettings(options, env, known);
  return resolved.ok ? "" : resolved.error;
};

describe("which server", () => {
  it.each<[string, ServerOptions, Record<string, string>, string, string | undefined]>([
    ["the profile in use", {}, {}, "https://prod:5682", "prod-token"],
    ["a profile of the command", { profile: "lab" }, {}, "http://lab:5681", undefined],
    ["a profile of a variable", {}, { ISTHMUS_PROFILE: "lab" }, "http://lab:5681", undefined],
    [
      "a server of the command, without the token of the profile",
      { server: "http://x:1/" },
      {},
      "http://x:1",
      undefined,
    ],
    ["a server of a variable, without it as well", {}, { ISTHMUS_SERVER: "http://x:1" }, "http://x:1", undefined],
    ["the command before variables", { server: "http://x:1" }, { ISTHMUS_PROFILE: "prod" }, "http://x:1", undefined],
    ["both, as said", { server: "http://x:1", profile: "prod" }, {}, "http://x:1", "prod-token"],
    [
      "a profile of the command before a server of a variable",
      { profile: "prod" },
      { ISTHMUS_SERVER: "http://x:1" },
      "https://prod:5682",
      "prod-token",
    ],
    ["a token of a variable before that of the profile in use", {}, { ISTHMUS_TOKEN: "t" }, "https://prod:5682", "t"],
    [
      "a token of the profile of the command before that",
      { profile: "prod" },
      { ISTHMUS_TOKEN: "t" },
      "https://prod:5682",
      "prod-token",
    ],
    [
      "a token of a variable where the profile has none",
      { profile: "lab" },
      { ISTHMUS_TOKEN: "t" },
      "http://lab:5681",
      "t",
    ],
  ])("%s", (_, options, env, server, token) => {
    expect(settled(options, env)).toMatchObject({ server, token });
  });

  it("is the one of this machine when nothing is said", () => {
    expect(settled({}, {}, { profiles: [] })).toMatchObject({ server: "http://127.0.0.1:5681", mesh: "default" });
  });

  it("a file with a token goes before all other tokens", () => {
    expect(settled({ tokenFile: "f" }, { ISTHMUS_TOKEN: "t" })).toMatchObject({ token: undefined, tokenFile: "f" });
  });

  it("takes mesh and certificates of the profile, unless a variable says otherwise", () => {
    expect(settled({}).mesh).toBe("shop");
    expect(settled({}, { ISTHMUS_MESH: "other" }).mesh).toBe("other");
    expect(settled({}, { ISTHMUS_PROFILE: "lab" }).caFile).toBe("/lab/ca.crt");
    expect(settled({ caFile: "mine" }, { ISTHMUS_PROFILE: "lab", ISTHMUS_CA_FILE: "env" }).caFile).toBe("mine");
  });

  it.each<[string, ServerOptions, RegExp]>([
    ["an unknown profile", { profile: "none" }, /no profile "none"; there is prod, lab/],
    ["no address", { server: "prod:5681" }, /"prod:5681" is no address/],
    ["credentials in the address", { server: "http://a:b@x:1" }, /credentials in the address/],
    ["a key without certificate", { server: "http://x:1", clientKeyFile: "k" }, /needs both/],
    ["a header without value", { header: ["x"] }, /--header x: has to be name=value/],
    ["no time at all", { requestTimeout: "0s" }, /longer than nothing/],
    ["a time without unit", { requestTimeout: "30" }, /--request-timeout: /],
  ])("refuses %s", (_, options, message) => expect(refused(options)).toMatch(message));
});

it.each([
  ["http://a:5681/", "http://a:5681"],
  ["https://a/base/path//", "https://a/base/path"],
  ["http://[::1]:5681", "http://[::1]:5681"],
])("%s is %s", (given, address) => expect(serverAddress(given)).toEqual({ ok: true, value: address }));

it("headers are what stands before and after the first =", () => {
  expect(parseHeaders(["a=b=c", "x-y="])).toEqual({ ok: true, value: { a: "b=c", "x-y": "" } });
  expect(parseHeaders(["=", "a b=c"])).toEqual({
    ok: false,
    error: "--header : has to be name=value\n--header a b: has to be name=value",
  });
});

it.each([
  ["current: gone\n", 'current: no profile "gone"'],
  ["profiles: [{name: a, server: x}, {name: a, server: y}]\n", 'profiles: "a" is there twice'],
  ["profiles: [{name: a}]\n", "profiles.0.server: "],
  ["profiles: [{name: a, server: x, tokn: y}]\n", 'profiles.0: Unrecognized key: "tokn"'],
  ["a: [\n", "Flow sequence"],
])("a file with %j is refused", (document, problem) => {
  const parsed = parseProfiles(document);
  expect(parsed.ok ? "" : parsed.error.join("\n")).toContain(problem);
});
