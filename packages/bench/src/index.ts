export { watchEventLoop } from "./event-loop-delay.ts";
export { LISTENERS, MockProxy, type MockProxyOptions } from "./mock-proxy.ts";
export { type Distribution, distribution, formatDistribution, poissonGapMs } from "./statistics.ts";
