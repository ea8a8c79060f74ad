/** One line for each change of state of a proxy. */

import type { ResourceKey } from "@isthmus/resources";
import type { Logger } from "@isthmus/runtime";
import { errorMessage } from "@isthmus/std";
import { type OnXdsEvent, proxyKey } from "@isthmus/xds";
import type { LostProxyEvent } from "../lost-proxies/watched-proxy.ts";
import type { ConfigurationEvent } from "./proxy-configurations.ts";
import type { RegistrationEvent } from "./proxy-registration.ts";

export interface ProxyLogger {
  readonly xds: OnXdsEvent;
  configuration(event: ConfigurationEvent): void;
  registration(event: RegistrationEvent): void;
  lost(event: LostProxyEvent): void;
  /** A report changed which inbounds of a Dataplane are ready. */
  readonly health: (dataplane: ResourceKey) => void;
}

export function proxyLogger(log: Logger): ProxyLogger {
  return {
    xds(event) {
      switch (event.kind) {
        case "connected":
          return log.info(
            { proxy: proxyKey(event.proxy.id), peer: event.peer, variant: event.variant },
            "proxy connected",
          );
        case "disconnected":
          return log.info({ proxy: proxyKey(event.proxy.id), reason: event.reason }, "proxy disconnected");
        case "refused":
          return log.warn({ node: event.nodeId, peer: event.peer, reason: event.reason }, "proxy refused");
        case "nameConflict":
          return log.warn(
            { proxy: proxyKey(event.proxy), peer: event.peer, outcome: event.outcome },
            "two proxies with one name",
          );
        case "ads":
          if (event.note.note === "nacked") {
            const { typeUrl, message, resources } = event.note;
            log.warn(
              { proxy: proxyKey(event.proxy.id), typeUrl, resources, message },
              "configuration refused by the proxy",
            );
          }
          return;
        case "recycled":
          return log.warn({ proxy: proxyKey(event.proxy.id), reason: event.reason }, "stream of a proxy recycled");
        case "garbage":
          return log.warn({ peer: event.peer, reason: event.reason }, "unreadable message of a proxy");
        case "defect":
          return log.error({ where: event.where, error: errorMessage(event.error) }, "defect of the data-plane server");
        default:
          return;
      }
    },
    configuration(event) {
      if (event.kind === "problems")
        log.warn({ proxy: event.proxy, problems: event.problems }, "left out of a configuration");
      else if (event.kind === "certificateFailed")
        log.warn({ proxy: event.proxy, reason: event.reason }, "no certificate for a proxy");
      else
        log.debug({ proxy: event.proxy, expiresAt: new Date(event.expiresAtMs).toISOString() }, "certificate issued");
    },
    health: ({ mesh, name }) =>
      log.info({ dataplane: `${mesh}/${name}` }, "inbounds of a proxy became ready or not ready"),
    registration(event) {
      const resource = `${event.key.type} ${event.key.mesh}/${event.key.name}`;
      if (event.kind === "failed")
        log.warn({ resource, reason: event.reason }, "cannot delete the resource of a proxy that is gone");
      else
        log.info(
          { resource },
          event.kind === "registered" ? "resource of a proxy stored" : "resource of a proxy deleted",
        );
    },
    lost(event) {
      const resource = `${event.key.type} ${event.key.mesh}/${event.key.name}`;
      if (event.kind === "failed")
        log.error({ resource, error: errorMessage(event.error) }, "what became of a lost proxy cannot be stored");
      else
        log.info(
          { resource, places: event.places },
          event.kind === "withdrawn"
            ? "a proxy is gone: nobody listens where it did, which is withdrawn"
            : "a proxy listens again where it was withdrawn",
        );
    },
  };
}
