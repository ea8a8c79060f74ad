/**
 * KDS on a global: what zones connect to. Accepts calls, decides who is served, and ends what failed at once and with its
 * reason. Source of statuses and texts: kuma v2.14.3: pkg/kds/mux/zone_sync.go, pkg/kds/service/server.go.
 */
import { randomUUID } from "node:crypto";
import {
  DEFAULT_MAX_MESSAGE_BYTES,
  GrpcCode,
  GrpcError,
  GrpcServer,
  type GrpcStatus,
  type Metadata,
  type ServerStream,
  type ServerTls,
  statusName,
  type UnaryCall,
} from "@isthmus/grpc-kit";
import { dns1123LabelErrors } from "@isthmus/resources";
import { errorMessage, type Service } from "@isthmus/std";
import { ZoneNameConflicts } from "../guard/zone-name-conflicts.ts";
import { AdminRequests, type AskAdmin } from "./admin-requests.ts";
import { FanOut } from "./fan-out.ts";
import type { GlobalKdsServerOptions } from "./global-kds-options.ts";
import { encodeHealthResponse, readHealthRequest, watchHealth } from "./health-check.ts";
import type { KdsPeer, KdsStreamKind } from "./kds-events.ts";
import { ADMIN_STREAMS, type AdminStreamKind, KDS_PATHS, SYNC_STREAMS, type SyncStreamKind } from "./kds-methods.ts";
import { globalHeaders, readZoneHeaders, type ZoneHeaders } from "./peer-headers.ts";
import type { PeerStatus } from "./peer-status.ts";
import { RecyclePolicy } from "./recycle-policy.ts";
import { type ZoneCredentials, ZoneGate } from "./zone-gate.ts";
import type { ZoneLink } from "./zone-link.ts";
import { ZoneLinks } from "./zone-links.ts";
import { ZoneSessions } from "./zone-sessions.ts";

const SHUTDOWN: GrpcStatus = { code: GrpcCode.UNAVAILABLE, details: "stream unavailable" };
const NOT_READY: GrpcStatus = { code: GrpcCode.UNAVAILABLE, details: "the global control plane is not ready yet" };
const STOPPED: GrpcStatus = { code: GrpcCode.CANCELLED, details: "stream canceled - stream stopped" };
const UNHEALTHY: GrpcStatus = { code: GrpcCode.CANCELLED, details: "stream canceled - zone hc failed" };
/** A stream with more than this on its way takes turns with the others (load-pacer.ts). */
const HIGH_WATER_BYTES = 256 * 1024;
const SHOWN_NAME_MAX_LENGTH = 100;

export class GlobalKdsServer implements Service {
  readonly name = "kds-server";
  readonly #options: GlobalKdsServerOptions;
  readonly #server: GrpcServer;
  readonly #links: ZoneLinks;
  readonly #fanOut: FanOut;
  readonly #sessions: ZoneSessions;
  readonly #admin: AdminRequests;
  readonly #gate: ZoneGate;
  #isStopping = false;

  constructor(options: GlobalKdsServerOptions) {
    const { clock, random, onEvent, outbox } = options;
    const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    const stuck = options.stuck ?? new RecyclePolicy({ clock, random });
    this.#options = options;
    const conflicts = options.conflicts ?? new ZoneNameConflicts();
    this.#links = new ZoneLinks({ conflicts, clock, onEvent });
    this.#gate = new ZoneGate({ authentication: options.authentication, clock });
    this.#fanOut = new FanOut({ outbox });
    this.#sessions = new ZoneSessions({ ...options, fanOut: this.#fanOut, stuck, maxMessageBytes });
    this.#admin = new AdminRequests({ clock, newId: randomUUID });
    this.#server = new GrpcServer({
      highWaterBytes: HIGH_WATER_BYTES,
      ...options.server,
      name: this.name,
      clock,
      maxMessageBytes,
      onError: (error, path) => onEvent({ kind: "defect", path, error }),
    });
    for (const kind of SYNC_STREAMS)
      this.#server.bidi(KDS_PATHS[kind], (stream, metadata) => this.#openSync(kind, stream, metadata));
    for (const kind of ADMIN_STREAMS)
      this.#server.bidi(KDS_PATHS[kind], (stream, metadata) => this.#openAdmin(kind, stream, metadata));
    this.#server.unary(KDS_PATHS.HealthCheck, (request, call) => this.#ping(request, call));
  }

  async start(): Promise<void> {
    this.#fanOut.start();
    this.#gate.start();
    await this.#server.start();
  }

  /** Ends all streams, waits for what is being committed, then closes the port. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#links.endAll(SHUTDOWN);
    this.#fanOut.stop();
    this.#gate.stop();
    await this.#sessions.settled();
    await this.#server.stop();
  }

  /** The port listened on, once started. */
  get port(): number {
    return this.#server.port;
  }

  /** Sessions that have not been told of the latest commit yet. */
  get waitingSessions(): number {
    return this.#fanOut.waiting;
  }

  /** Exchanges the certificate; connections made from now on see it. */
  updateTls(tls: ServerTls): void {
    this.#server.updateTls(tls);
  }

  /** What a proxy of a zone says; the zone asks it. */
  readonly askAdmin: AskAdmin = (zone, question) => this.#admin.ask(zone, question);

  /** All zones that are or were connected since the start, in order of name. */
  status(): readonly PeerStatus[] {
    return this.#links.statuses();
  }

  isOnline(zone: string): boolean {
    return this.#links.get(zone)?.status().isOnline ?? false;
  }

  /** Ends the streams of a zone and forgets it, as when it was deleted. It may connect again. */
  disconnectZone(zone: string, reason: string): void {
    const status = { code: GrpcCode.CANCELLED, details: reason };
    this.#links.get(zone)?.end(status);
    this.#admin.end(zone, ADMIN_STREAMS, status);
    this.#links.forget(zone);
  }

  #openSync(kind: SyncStreamKind, stream: ServerStream, metadata: Metadata): void {
    const headers = readZoneHeaders(metadata);
    this.#enter(kind, stream, headers, GrpcCode.UNKNOWN, () => this.#claim(kind, stream, headers));
  }

  /** Goes on in the same turn where nothing has to be proved. */
  #enter(kind: KdsStreamKind, stream: ServerStream, headers: ZoneHeaders, missingCode: number, goOn: () => void): void {
    const zone = headers.clientId ?? "";
    const refusal = this.#refusalOf(headers, missingCode);
    if (refusal !== undefined) return this.#refuse(kind, stream, zone, refusal);
    if (this.#gate.isOpen) return goOn();
    void this.#gate.refusal(credentialsOf(headers, stream)).then((refused) => {
      if (stream.isClosed) return;
      const status = refused ?? this.#refusalOf(headers, missingCode);
      if (status === undefined) goOn();
      else this.#refuse(kind, stream, zone, status);
    });
  }

  #claim(kind: SyncStreamKind, stream: ServerStream, headers: ZoneHeaders): void {
    const zone = headers.clientId ?? "";
    const { connectionId, peer: address, peerCertificate: certificate } = stream;
    const claim = this.#links.claim({ zone, connectionId, address, headers, certificate });
    if (claim.kind === "refused") return this.#refuse(kind, stream, zone, claim.status);
    const { link } = claim;
    link.opened(kind, stream);
    link.endProofWatch ??= this.#gate.watch(link);
    link.admission ??= this.#admit(link);
    void link.admission.then((status) => {
      if (status !== undefined) this.#refuse(kind, stream, zone, status);
      if (stream.isClosed) link.closed(kind, stream, status ?? STOPPED);
      else this.#serve(kind, stream, link);
    });
  }

  /** Until admission nothing is read: what the zone sends waits in flow control. */
  async #admit({
    zone,
    address,
    headers,
  }: Pick<ZoneLink, "zone" | "address" | "headers">): Promise<GrpcStatus | undefined> {
    try {
      return await this.#options.admitZone?.({ zone, address, authorization: headers.authorization });
    } catch (error) {
      return { code: GrpcCode.INTERNAL, details: `could not admit zone ${zone}: ${errorMessage(error)}` };
    }
  }

  #serve(kind: SyncStreamKind, stream: ServerStream, link: ZoneLink): void {
    const { historyId, onEvent } = this.#options;
    if (link.headers.isIsthmus) stream.sendHeaders(globalHeaders(historyId));
    this.#watchHealth(link);
    onEvent({ kind: "streamOpened", peer: link.identity.peer, stream: kind });
    const session =
      kind === "GlobalToZoneSync" ? this.#sessions.sender(stream, link) : this.#sessions.receiver(stream, link);
    stream.accept({
      message: (bytes) => session.message(bytes),
      // Never OK: a Kuma zone whose ZoneToGlobalSync ends with OK stops uploading for good (measured.md, 1.2).
      halfClosed: () => stream.end(STOPPED),
      closed: (status) => {
        session.closed();
        const { peer } = link.identity;
        onEvent({
          kind: "streamClosed",
          peer,
          stream: kind,
          code: statusName(status.code),
          message: status.details,
        });
        link.closed(kind, stream, status);
      },
    });
    session.open();
  }

  /** Streams on which the zone is asked about its proxies; idle until it is. */
  #openAdmin(kind: AdminStreamKind, stream: ServerStream, metadata: Metadata): void {
    const headers = readZoneHeaders(metadata);
    const zone = headers.clientId ?? "";
    this.#enter(kind, stream, headers, GrpcCode.INVALID_ARGUMENT, () => {
      void this.#admit({ zone, address: stream.peer, headers }).then((status) => {
        if (status !== undefined) this.#refuse(kind, stream, zone, status);
        else if (!stream.isClosed) this.#serveAdmin(kind, stream, headers);
      });
    });
  }

  #serveAdmin(kind: AdminStreamKind, stream: ServerStream, headers: ZoneHeaders): void {
    const { onEvent, clock } = this.#options;
    const zone = headers.clientId ?? "";
    this.#admin.opened(zone, kind, stream);
    const peer = (): KdsPeer => this.#links.get(zone)?.identity.peer ?? unknownPeer(zone, stream, clock.now());
    onEvent({ kind: "streamOpened", peer: peer(), stream: kind });
    const unwatch = this.#gate.watch({
      credentials: credentialsOf(headers, stream),
      end: (status) => stream.end(status),
    });
    stream.accept({
      message: (bytes) => {
        const read = this.#admin.message(kind, stream, bytes);
        if (!read.ok) stream.end({ code: GrpcCode.INVALID_ARGUMENT, details: `no answer: ${read.error}` });
      },
      halfClosed: () => stream.end(STOPPED),
      closed: ({ code, details }) => {
        unwatch();
        this.#admin.closed(zone, kind, stream);
        onEvent({ kind: "streamClosed", peer: peer(), stream: kind, code: statusName(code), message: details });
      },
    });
  }

  async #ping(request: Buffer, call: UnaryCall): Promise<Uint8Array> {
    const { zoneHealthCheck, clock, onEvent } = this.#options;
    const headers = readZoneHeaders(call.metadata);
    const zone = headers.clientId ?? "";
    const read = readHealthRequest(request);
    const refusal =
      this.#refusalOf(headers, GrpcCode.INVALID_ARGUMENT) ??
      (read.ok
        ? undefined
        : { code: GrpcCode.INVALID_ARGUMENT, details: `no ZoneHealthCheckRequest: ${read.error}` }) ??
      (await this.#gate.refusal(credentialsOf(headers, call)));
    if (refusal !== undefined) {
      onEvent({ kind: "refused", zone, stream: "HealthCheck", reason: refusal.details });
      throw new GrpcError(refusal.code, refusal.details);
    }
    const now = clock.now();
    const link = this.#links.get(zone);
    // The pings of a connection that was replaced prove nothing about the one that is served.
    if (link?.address === call.peer) link.lastPingAt = now;
    onEvent({ kind: "pinged", zone, at: now });
    return encodeHealthResponse(zoneHealthCheck?.pollIntervalMs ?? 0);
  }

  #watchHealth(link: ZoneLink): void {
    const { zoneHealthCheck, clock } = this.#options;
    const timeoutMs = zoneHealthCheck?.timeoutMs ?? 0;
    if (timeoutMs === 0 || !link.headers.pingsHealth) return;
    link.endHealthWatch ??= watchHealth({
      clock,
      timeoutMs,
      lastSignAt: () => Math.max(link.lastPingAt ?? 0, link.lastOpenedAt),
      onExpired: () => link.end(UNHEALTHY),
    });
  }

  #refusalOf({ clientId }: ZoneHeaders, missingCode: number): GrpcStatus | undefined {
    if (this.#isStopping) return SHUTDOWN;
    if (!clientId) return { code: missingCode, details: '"client-id" is not present in metadata' };
    const [error] = dns1123LabelErrors(clientId);
    if (error !== undefined) {
      const shown = JSON.stringify(clientId.slice(0, SHOWN_NAME_MAX_LENGTH));
      return { code: GrpcCode.INVALID_ARGUMENT, details: `zone name ${shown} is no DNS label: ${error}` };
    }
    return this.#options.isReady?.() === false ? NOT_READY : undefined;
  }

  #refuse(stream: KdsStreamKind, call: ServerStream, zone: string, status: GrpcStatus): void {
    this.#options.onEvent({ kind: "refused", zone, stream, reason: status.details });
    call.end(status);
  }
}

/** Of a zone that has opened no sync stream yet. */
function unknownPeer(zone: string, { connectionId, peer }: ServerStream, now: number): KdsPeer {
  const nothing = { instanceId: undefined, version: undefined, config: undefined, isIsthmus: false };
  return { zone, connection: connectionId, address: peer, connectedAt: now, ...nothing };
}

function credentialsOf(
  { clientId = "", authorization }: ZoneHeaders,
  { peerCertificate: certificate }: Pick<UnaryCall, "peerCertificate">,
): ZoneCredentials {
  return { zone: clientId, authorization, certificate };
}
