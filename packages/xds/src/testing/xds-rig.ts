/** A server on a free port of loopback with a hand-driven source, and what it said. For tests. */
import { type ServerTls, selfSignedPair } from "@isthmus/grpc-kit";
import { systemClock } from "@isthmus/std";
import { XdsServer, type XdsServerOptions, type XdsService } from "../server/xds-server.ts";
import type { OnXdsEvent, XdsEvent } from "../xds-events.ts";
import { ManualSource } from "./manual-source.ts";
import { OpenAdmission } from "./open-admission.ts";

export interface XdsRig {
  readonly server: XdsServer;
  readonly source: ManualSource;
  readonly admission: OpenAdmission;
  readonly events: readonly XdsEvent[];
  readonly tls: ServerTls;
}

export async function startXds(
  options: {
    readonly tls?: ServerTls;
    readonly http?: XdsServerOptions["http"];
    readonly services?: (admission: OpenAdmission, onEvent: OnXdsEvent) => readonly XdsService[];
  } = {},
): Promise<XdsRig> {
  const tls = options.tls ?? (await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() }));
  const source = new ManualSource();
  const admission = new OpenAdmission();
  const events: XdsEvent[] = [];
  const onEvent: OnXdsEvent = (event) => void events.push(event);
  const server = new XdsServer({
    address: "127.0.0.1",
    port: 0,
    portSetting: "dpServer.port",
    tls,
    http: options.http ?? ((_, response) => void response.end()),
    drainMs: 50,
    pool: source.pool,
    source,
    admission,
    controlPlane: "cp-1",
    nackBackoffMs: 5_000,
    clock: systemClock,
    onEvent,
    services: options.services?.(admission, onEvent) ?? [],
  });
  await server.start();
  return { server, source, admission, events, tls };
}
