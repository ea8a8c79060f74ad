/** One log line per change of state: problems that appear and go, writes that fail and work again. */
import { type Logger, writeLogger } from "@isthmus/runtime";
import { assertNever, errorMessage } from "@isthmus/std";
import type { TopologyEvent } from "@isthmus/topology";

export function topologyLogger(log: Logger): (event: TopologyEvent) => void {
  const logWrite = writeLogger(log, "what the topology found out");
  return (event) => {
    switch (event.kind) {
      case "problem": {
        const { kind, resource, detail } = event.problem;
        const fields = { problem: kind, type: resource?.type, mesh: resource?.mesh, name: resource?.name, detail };
        if (event.state === "appeared") log.warn(fields, "problem of the topology");
        else log.info(fields, "problem of the topology is gone");
        return;
      }
      case "failed":
      case "written":
      case "raced":
        logWrite(event);
        return;
      case "defect": {
        const { collection, key, error } = event.failure;
        log.error({ collection, key, error: errorMessage(error) }, "a derivation failed; its last value stays");
        return;
      }
      case "batch":
      case "labelDropped":
        return;
      default:
        assertNever(event);
    }
  };
}
