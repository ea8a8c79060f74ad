import { expect, it } from "vitest";
import { DEFAULT_TRANSPARENT_PROXY, readTransparentProxy, transparentProxyValue } from "./transparent-proxy.ts";

it("has the settings of its files, later ones winning", () => {
  expect(readTransparentProxy([])).toEqual({ ok: true, value: DEFAULT_TRANSPARENT_PROXY });
  const first = "kumaDPUser: dp\nipFamilyMode: ipv4\nredirect: { inbound: { port: 25006 }, vnet: { networks: [a] } }";
  const read = readTransparentProxy([first, "redirect: { inbound: { enabled: false } }", ""]);
  expect(read).toEqual({
    ok: true,
    value: {
      ipFamilyMode: "ipv4",
      inbound: { enabled: false, port: 25_006 },
      outbound: { enabled: true, port: 15_001 },
      networks: ["a"],
    },
  });
  expect(read.ok && transparentProxyValue(read.value, { enabled: true, port: 15_053 })).toEqual({
    ipFamilyMode: "ipv4",
    redirect: {
      inbound: { enabled: false, port: 25_006 },
      outbound: { enabled: true, port: 15_001 },
      dns: { enabled: true, port: 15_053 },
      vnet: { networks: ["a"] },
    },
  });
});

it("names everything that is wrong", () => {
  const text = "ipFamilyMode: ipv5\nredirect: { inbound: { port: 0, enabled: maybe }, outbound: { port: x } }";
  expect(readTransparentProxy([text, "[]", "a: ["])).toMatchObject({
    error: [
      "ipFamilyMode: dualstack or ipv4 is expected",
      "redirect.inbound.enabled: true or false is expected",
      "redirect.inbound.port: a port is expected",
      "redirect.outbound.port: a port is expected",
      "no settings: an object is expected",
      expect.any(String),
    ],
  });
});
