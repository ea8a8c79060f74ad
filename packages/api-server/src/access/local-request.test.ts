import { describe, expect, it } from "vitest";
import { isFromThisMachine } from "./local-request.ts";

type Headers = Readonly<Record<string, string>>;
type Row = readonly [name: string, address: string, host: string, headers?: Headers];

const origin = (value: string) => ({ origin: value });

/** Each as Kuma 2.14.3 decides. */
const LOCAL: readonly Row[] = [
  ["IPv4", "127.0.0.1", "localhost:5681"],
  ["another address of the loopback", "127.8.9.10", "127.8.9.10:5681"],
  ["IPv6", "::1", "localhost:5681"],
  ["IPv6 in Host", "::1", "[::1]:5681"],
  ["IPv6 in Host without a port", "::1", "[::1]"],
  ["IPv6 in another form", "::1", "[0:0:0:0:0:0:0:1]:5681", origin("http://[::1]:5681")],
  ["IPv4 in IPv6", "::ffff:127.0.0.1", "127.0.0.1"],
  ["Host in capitals, with the dot of DNS", "127.0.0.1", "LOCALHOST.:5681"],
  ["a page of its own", "127.0.0.1", "localhost:5681", origin("http://localhost:5681")],
  ["a page of its own, by address", "127.0.0.1", "127.0.0.1:5681", origin("http://127.0.0.1:5681")],
  ["a page on port 80", "127.0.0.1", "localhost:80", origin("http://localhost")],
  ["a page on port 443", "127.0.0.1", "localhost:443", origin("https://localhost")],
  ["a page on port 80, said in the Origin", "127.0.0.1", "localhost", origin("http://localhost:80")],
  ["fetch of the same origin", "127.0.0.1", "localhost:5681", { "sec-fetch-site": "same-origin" }],
  ["fetch by the user", "127.0.0.1", "localhost:5681", { "sec-fetch-site": "none" }],
];

const FOREIGN: readonly Row[] = [
  ["another machine", "203.0.113.1", "localhost:5681"],
  ["another machine in IPv6", "2001:db8::1", "localhost:5681"],
  ["no address", "", "localhost:5681"],
  ["a proxy that says so", "127.0.0.1", "localhost:5681", { "x-forwarded-for": "1.2.3.4" }],
  ["a proxy that says so, by standard", "127.0.0.1", "localhost:5681", { forwarded: "for=1.2.3.4" }],
  ["a proxy that says so, as nginx does", "127.0.0.1", "localhost:5681", { "x-real-ip": "1.2.3.4" }],
  ["the name of the public", "127.0.0.1", "api.example.com"],
  ["a name that only begins like it", "127.0.0.1", "localhost.example.com:5681"],
  ["an address that only begins like it", "127.0.0.1", "127.0.0.1.example.com:5681"],
  ["no Host", "127.0.0.1", ""],
  ["half of a bracket", "::1", "[::1"],
  ["a port that is none", "127.0.0.1", "localhost:bad"],
  ["an empty port", "127.0.0.1", "localhost:"],
  ["port 0", "127.0.0.1", "localhost:0"],
  ["a port above all", "127.0.0.1", "localhost:65536"],
  ["an address in one number", "127.0.0.1", "2130706433:5681"],
  ["an address in hex", "127.0.0.1", "0x7f.1:5681"],
  ["an address in octal", "127.0.0.1", "0177.0.0.1:5681"],
  ["a user in Host", "127.0.0.1", "me@localhost:5681"],
  ["a path in Host", "127.0.0.1", "localhost/x"],
  ["a page from elsewhere", "127.0.0.1", "localhost:5681", origin("https://evil.example")],
  ["a page of another port", "127.0.0.1", "localhost:5681", origin("http://127.0.0.1:3000")],
  ["a page of port 80", "127.0.0.1", "localhost:5681", origin("http://localhost")],
  ["a page of port 443", "127.0.0.1", "localhost:5682", origin("https://localhost")],
  ["a page of another name of the same", "127.0.0.1", "localhost:5681", origin("http://127.0.0.1:5681")],
  ["a page without origin", "127.0.0.1", "localhost:5681", origin("null")],
  ["an Origin that is none", "127.0.0.1", "localhost:5681", origin("not-a-url")],
  ["an Origin with a bad port", "127.0.0.1", "localhost:5681", origin("http://localhost:bad")],
  ["an Origin with a path", "127.0.0.1", "localhost:5681", origin("http://localhost:5681/path")],
  ["an Origin with a query", "127.0.0.1", "localhost:5681", origin("http://localhost:5681?x=1")],
  ["an Origin with a user", "127.0.0.1", "localhost:5681", origin("http://me@localhost:5681")],
  ["an Origin that is no web page", "127.0.0.1", "localhost:5681", origin("file://localhost:5681")],
  ["fetch of another site", "127.0.0.1", "localhost:5681", { "sec-fetch-site": "cross-site" }],
  ["fetch of the same site", "127.0.0.1", "localhost:5681", { "sec-fetch-site": "same-site" }],
];

describe.each([
  ["is from this machine", LOCAL, true],
  ["is not from this machine", FOREIGN, false],
] as const)("a request %s", (_, rows, expected) => {
  it.each(rows.map(([name, address, host, headers]) => ({ name, address, headers: { host, ...headers } })))(
    "$name",
    ({ address, headers }) => {
      expect(isFromThisMachine({ address, headers })).toBe(expected);
    },
  );
});
