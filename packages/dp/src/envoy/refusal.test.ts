import { expect, it } from "vitest";
import { refusalIn } from "./refusal.ts";

const line = (end: string): string =>
  `[2026-08-21 10:00:00.000][12][warning][config] [./source/extensions/config_subscription/grpc/grpc_stream.h:226] StreamAggregatedResources gRPC config stream to ads_cluster ${end}`;

it.each([
  [line("closed: 16, authentication failed: no token"), "authentication failed: no token"],
  [line("closed since 3s ago: 7, not yours"), "not yours"],
  [line("closed: 2, authentication failed: token expired"), "authentication failed: token expired"],
  [line("closed: 2, there is already an active stream from this node"), undefined],
  [line("closed since 3s ago: 14, no healthy upstream"), undefined],
  ["[info][main] starting main dispatch loop", undefined],
])("%s", (text, reason) => {
  expect(refusalIn(text)).toBe(reason);
});
