import { describeGraph } from "./conformance.ts";
import { Reactor } from "./reactor.ts";
import { ReferenceGraph } from "./reference-graph.ts";

describeGraph("reactor", (options) => new Reactor(options));
describeGraph("reference", (options) => new ReferenceGraph(options));
