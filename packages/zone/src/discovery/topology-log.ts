/** One log line per change of state: problems that appear and go, writes that fail and work again. */
import type { Logger } from "@isthmus/runtime";
import { assertNever, errorMessage } from "@isthmus/std";
import type { TopologyEvent } from "@isthmus/topology";

export function topologyLogger(log: Logger): (event: TopologyEvent) => void {
  let isFailing = false;
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
        if (!isFailing)
          log.error({ error: errorMessage(event.error) }, "what was found out cannot be stored; it is tried again");
        isFailing = true;
        return;
      case "written":
        if (isFailing) log.info({ resources: event.ops }, "what was found out is stored again");
        isFailing = false;
        return;
      case "defect": {
        const { collection, key, error } = event.failure;
        log.error({ collection, key, error: errorMessage(error) }, "a derivation failed; its last value stays");
        return;
      }
      case "batch":
      case "raced":
      case "labelDropped":
        return;
      default:
        assertNever(event);
    }
  };
}
