/** Entry of the thread that computes one what-if report: it is sent the world in parts, then the question. */
import { parentPort } from "node:worker_threads";
import type { Resource } from "@isthmus/resources";
import { snapshotWorld, whatIf } from "@isthmus/topology";
import type { WhatIfMessage } from "./what-if-message.ts";

const resources: Resource[] = [];

parentPort?.on("message", (message: WhatIfMessage) => {
  if (message.kind === "resources") {
    for (const resource of message.resources) resources.push(resource);
  } else {
    parentPort?.postMessage(whatIf(snapshotWorld(resources, message.settings), message.losses));
  }
});
