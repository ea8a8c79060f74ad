import { Buffer } from "node:buffer";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@isthmus/std";
import { TestCa } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type BootstrapClientOptions, fetchBootstrap, judgeAnswer } from "./bootstrap-client.ts";

const GIVEN = JSON.stringify({
  bootstrap: Buffer.from("node: {}").toString("base64"),
  kumaSidecarConfiguration: { networking: { address: "10.0.0.1" } },
});

describe("answers of a control plane", () => {
  it.each([
    [200, GIVEN, "given"],
    [200, "<html>", "refused"],
    [400, "wrong host", "refused"],
    [404, "", "later"],
    [404, "404: Page Not Found", "later"],
    [422, "mesh: does not exist", "refused"],
    [500, "", "later"],
    [503, "starting", "later"],
  ])("%d %j: %s", (status, body, kind) => {
    expect(judgeAnswer(status, body).kind).toBe(kind);
  });
});

describe("asking for a bootstrap", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** Answers one after the other, the last one from then on. */
  async function controlPlane(answers: readonly (readonly [number, string])[]): Promise<URL> {
    let count = 0;
    server = createServer((request, response) => {
      const [status, body] = answers[Math.min(count, answers.length - 1)] ?? [500, ""];
      count += 1;
      const isRight = request.method === "POST" && request.url === "/bootstrap";
      response.writeHead(isRight && request.headers.accept === "application/json" ? status : 418).end(body);
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return new URL(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/ignored`);
  }

  const options = (controlPlane: URL, more: Partial<BootstrapClientOptions> = {}): BootstrapClientOptions => ({
    controlPlane,
    caCert: "",
    systemCaPath: "",
    isVerificationSkipped: false,
    retryBackoffMs: 1,
    retryMaxMs: 60_000,
    clock: systemClock,
    signal: new AbortController().signal,
    onRetry: () => {},
    ...more,
  });

  it("goes on until there is one", async () => {
    const retries: string[] = [];
    const url = await controlPlane([
      [503, ""],
      [404, ""],
      [200, GIVEN],
    ]);
    const answer = await fetchBootstrap({}, options(url, { onRetry: (reason) => retries.push(reason) }));
    expect(answer).toEqual({
      ok: true,
      value: { bootstrap: "node: {}", sidecar: { networking: { address: "10.0.0.1" } } },
    });
    expect(retries).toHaveLength(2);
  });

  it("ends at once where repeating is of no use", async () => {
    const url = await controlPlane([[422, "mesh: unknown"]]);
    expect(await fetchBootstrap({}, options(url))).toEqual({
      ok: false,
      error: "the control plane refuses the proxy (422): mesh: unknown",
    });
  });

  it("gives up after the time for it", async () => {
    let now = 0;
    const clock: Clock = {
      ...systemClock,
      monotonic: () => now,
      setTimeout: (fn, delayMs) => {
        now += delayMs;
        return systemClock.setTimeout(fn, 0);
      },
    };
    const url = await controlPlane([[500, ""]]);
    const answer = await fetchBootstrap({}, options(url, { clock, retryBackoffMs: 3_000, retryMaxMs: 9_000 }));
    expect(answer).toMatchObject({ ok: false, error: expect.stringContaining("gave up after 9 s") });
    expect(now).toBe(9_000);
  });

  it("ends when it is told to stop", async () => {
    const stop = new AbortController();
    const url = await controlPlane([[500, ""]]);
    const more = { signal: stop.signal, retryBackoffMs: 30_000, onRetry: () => stop.abort() };
    expect(await fetchBootstrap({}, options(url, more))).toEqual({ ok: false, error: undefined });
  });

  it("trusts the certificates that it is given, and says how to give them", async () => {
    const ca = await TestCa.create();
    const { certificate, privateKey } = await ca.issue({
      commonName: "zone",
      usage: "server",
      names: ["127.0.0.1"],
    });
    const secure = createSecureServer({ cert: certificate, key: privateKey }, (_request, response) => {
      response.end(GIVEN);
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const { port } = secure.address() as AddressInfo;
    const url = new URL(`https://127.0.0.1:${port}`);
    expect(await fetchBootstrap({}, options(url, { caCert: ca.certificate }))).toMatchObject({ ok: true });
    expect(await fetchBootstrap({}, options(url, { isVerificationSkipped: true }))).toMatchObject({ ok: true });
    expect(await fetchBootstrap({}, options(url, { retryMaxMs: 0 }))).toMatchObject({
      error: expect.stringContaining("--ca-cert-file"),
    });
    secure.close();
  });

  it("tells what is wrong with a connection", async () => {
    const url = await controlPlane([[200, GIVEN]]);
    server?.close();
    const answer = await fetchBootstrap({}, options(url, { retryMaxMs: 0 }));
    expect(answer).toMatchObject({ ok: false, error: expect.stringContaining("ECONNREFUSED") });
  });
});
