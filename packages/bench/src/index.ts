export { watchEventLoop } from "./event-loop-delay.ts";
export { type Distribution, distribution, formatDistribution, poissonGapMs } from "./statistics.ts";
