/** What is known of the peer of one connection: grows as the peer speaks, and says when others should hear of it. */
import type { BuildVersion } from "../wire/node.ts";
import type { ReceivedRequest } from "../wire/request.ts";
import type { KdsPeer, OnKdsEvent } from "./kds-events.ts";

type Identity = Pick<KdsPeer, "instanceId" | "version" | "config">;

export class PeerIdentity {
  readonly #onEvent: OnKdsEvent;
  #peer: KdsPeer;
  #isConnected = false;

  constructor(peer: Omit<KdsPeer, keyof Identity>, onEvent: OnKdsEvent) {
    this.#onEvent = onEvent;
    this.#peer = { ...peer, instanceId: undefined, version: undefined, config: undefined };
  }

  get peer(): KdsPeer {
    return this.#peer;
  }

  /** A valid message of a sync stream has come. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The connection stands since this time (wall clock, ms). */
  began(connectedAt: number): void {
    this.#peer = { ...this.#peer, connectedAt };
  }

  introduce(isIsthmus: boolean): void {
    if (isIsthmus !== this.#peer.isIsthmus) this.#peer = { ...this.#peer, isIsthmus };
  }

  /** A valid message; requests may say more of the peer. */
  spoke(request?: ReceivedRequest): void {
    const isNew = this.#learn(request);
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#onEvent({ kind: "connected", peer: this.#peer });
    } else if (isNew) {
      this.#onEvent({ kind: "identified", peer: this.#peer });
    }
  }

  /** The connection is over. */
  left(reason: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#onEvent({ kind: "disconnected", peer: this.#peer, reason });
  }

  #learn(request: ReceivedRequest | undefined): boolean {
    const info = request?.peer;
    if (info === undefined) return false;
    const { instanceId, version, config } = this.#peer;
    const known = {
      instanceId: info.instanceId ?? instanceId,
      version: versionOf(info.version) ?? version,
      config: info.config ?? config,
    };
    const isNew = known.instanceId !== instanceId || known.config !== config || !isSameVersion(known.version, version);
    if (isNew) this.#peer = { ...this.#peer, ...known };
    return isNew;
  }
}

function versionOf(version: Partial<BuildVersion> | undefined): KdsPeer["version"] {
  if (version?.version === undefined) return undefined;
  const { gitTag = "", gitCommit, buildDate } = version;
  return {
    product: "kumaCp",
    version: version.version,
    gitTag,
    ...(gitCommit !== undefined && { gitCommit }),
    ...(buildDate !== undefined && { buildDate }),
  };
}

function isSameVersion(a: KdsPeer["version"], b: KdsPeer["version"]): boolean {
  return (
    a?.version === b?.version &&
    a?.gitTag === b?.gitTag &&
    a?.gitCommit === b?.gitCommit &&
    a?.buildDate === b?.buildDate &&
    a?.product === b?.product
  );
}
