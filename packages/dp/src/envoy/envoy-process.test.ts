import { expect, it } from "vitest";
import { EnvoyProcess, envoyArguments } from "./envoy-process.ts";

const SETTINGS = { drainTimeMs: 1_500, envoyLogLevel: "warn", envoyComponentLogLevel: "", concurrency: 0 };

it("has kuma-dp's arguments", () => {
  expect(envoyArguments("/w/bootstrap.yaml", SETTINGS, "linux").join(" ")).toBe(
    "--config-path /w/bootstrap.yaml --drain-time-s 1 --drain-strategy immediate --disable-hot-restart --log-level warn --cpuset-threads",
  );
  const detailed = { ...SETTINGS, envoyComponentLogLevel: "upstream:debug", concurrency: 2 };
  expect(envoyArguments("/w/bootstrap.yaml", detailed, "darwin").slice(7)).toEqual([
    "--log-level",
    "warn",
    "--component-log-level",
    "upstream:debug",
    "--concurrency",
    "2",
  ]);
});

it("tells every line, and how it ended", async () => {
  const lines: string[] = [];
  const script = "process.stdout.write('one\\ntw'); process.stdout.write('o\\nthree'); process.exitCode = 7;";
  const child = new EnvoyProcess(process.execPath, ["-e", script], (line) => lines.push(line));
  expect(await child.ended).toEqual({ code: 7, signal: undefined });
  expect(lines).toEqual(["one", "two", "three"]);
});

it("ends by a signal as a shell counts it", async () => {
  const child = new EnvoyProcess(process.execPath, ["-e", "setInterval(() => {}, 1000)"], () => {});
  child.kill();
  expect(await child.ended).toEqual({ code: 137, signal: "SIGKILL" });
});
