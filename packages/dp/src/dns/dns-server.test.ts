/** With the resolver of Node as the workload, and a second server as the nameserver of the machine. */
import { Buffer } from "node:buffer";
import { Resolver } from "node:dns/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressBytes, questionOf } from "./dns-message.ts";
import { readDnsNames } from "./dns-names.ts";
import { DnsServer } from "./dns-server.ts";
import { nameserverIn } from "./nameserver.ts";
import { dnsAddresses } from "./proxy-dns.ts";

const MANY = Array.from({ length: 60 }, (_, i) => `241.0.0.${i + 1}`);

describe("names for the workload", () => {
  let machine: DnsServer;
  let mesh: DnsServer;
  const asked = new Resolver({ timeout: 2_000, tries: 1 });

  const server = (nameserver?: { readonly address: string; readonly port: number }): DnsServer =>
    new DnsServer({ addresses: ["127.0.0.1"], port: 0, nameserver, onLeftOut: () => {} });

  beforeAll(async () => {
    machine = server();
    machine.setNames(readDnsNames({ records: [{ name: "example.org", ips: ["10.0.0.1"] }] }));
    await machine.listen();
    mesh = server({ address: "127.0.0.1", port: machine.port });
    await mesh.listen();
    asked.setServers([`127.0.0.1:${mesh.port}`]);
  });
  afterAll(async () => {
    await mesh.close();
    await machine.close();
  });

  it("are passed on before there is a document", async () => {
    expect(await asked.resolve4("example.org")).toEqual(["10.0.0.1"]);
    await expect(asked.resolve4("backend.mesh")).rejects.toThrow("ESERVFAIL");
  });

  it("are answered from the document, whatever their case", async () => {
    const records = [
      { name: "Backend.mesh", ips: ["241.0.0.1", "::ffff:f100:1"] },
      { name: "plain.mesh.", ips: ["241.0.0.2", "no address", 1] },
      { ips: [] },
      "nothing",
    ];
    mesh.setNames(readDnsNames({ records, ttl: 7, extraLabels: {} }));
    expect(await asked.resolve4("backend.MESH", { ttl: true })).toEqual([{ address: "241.0.0.1", ttl: 7 }]);
    expect(await asked.resolve6("backend.mesh")).toEqual(["::ffff:241.0.0.1"]);
    await expect(asked.resolve6("plain.mesh")).rejects.toThrow("ENODATA");
    expect(await asked.resolve4("example.org")).toEqual(["10.0.0.1"]);
    await expect(asked.resolveTxt("backend.mesh")).rejects.toThrow("ESERVFAIL");
  });

  it("are asked for over TCP where an answer is too long for UDP, and passed on over it", async () => {
    mesh.setNames(readDnsNames({ records: [{ name: "many.mesh", ips: MANY }] }));
    expect((await asked.resolve4("many.mesh")).sort()).toEqual([...MANY].sort());
    machine.setNames(readDnsNames({ records: [{ name: "many.org", ips: MANY }] }));
    expect(await asked.resolve4("many.org")).toHaveLength(MANY.length);
  });
});

describe("messages", () => {
  it("of any bytes are read without harm", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const question = questionOf(Buffer.from(bytes));
        expect(question === undefined || question.end <= bytes.length).toBe(true);
      }),
    );
  });

  it("have addresses as bytes", () => {
    expect(addressBytes("::ffff:f100:1")?.bytes.toString("hex")).toBe("00000000000000000000fffff1000001");
    expect(addressBytes("2001:db8::")?.bytes.toString("hex")).toBe("20010db8000000000000000000000000");
    for (const text of ["", "1.2.3", "1.2.3.256", "::1::", "1:2:3", ":::", "g::"]) {
      expect([text, addressBytes(text)]).toEqual([text, undefined]);
    }
  });
});

it("finds the nameserver of the machine", () => {
  expect(nameserverIn("# nameserver 1.1.1.1\nsearch x\n nameserver\t10.0.0.53 \nnameserver 10.0.0.54")).toEqual({
    address: "10.0.0.53",
    port: 53,
  });
  expect(nameserverIn("nameserver none")).toBeUndefined();
});

it("listens where the machine redirects questions to", () => {
  const proxy = {
    ipFamilyMode: "dualstack",
    inbound: { enabled: true, port: 1 },
    outbound: { enabled: true, port: 2 },
  };
  const of = (ipFamilyMode: "dualstack" | "ipv4", networks: readonly string[]) =>
    dnsAddresses({ ...proxy, ipFamilyMode, networks });
  expect(of("dualstack", [])).toEqual(["127.0.0.1", "::1"]);
  expect(of("ipv4", [])).toEqual(["127.0.0.1"]);
  expect(of("dualstack", ["docker0:172.17.0.0/16"])).toEqual(["0.0.0.0", "::"]);
  expect(dnsAddresses(undefined)).toEqual(["0.0.0.0"]);
});
