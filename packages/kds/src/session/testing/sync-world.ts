/**
 * A source with an outbox, two receivers with stores of their own, and a network between them that keeps order per
 * stream but delays, breaks and forgets. Everything happens in single steps, so that a test can put any of them
 * anywhere; after each step the world is compared with what must always be true. Mutations switch one rule off.
 */
import { senderRows } from "../../ledger/sender-rows.ts";
import {
  type Audience,
  EVERYBODY,
  isEntitled,
  NOBODY,
  type Recipient,
  toOnlyZone,
  toOthers,
} from "../../mapping/audience.ts";
import { ALL_FEATURES } from "../../mapping/features.ts";
import type { ReceivedBatch, ReceivedResource, Rejection } from "../received-resource.ts";
import {
  createReceiver,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverState,
  stepReceiver,
} from "../receiver.ts";
import {
  createSender,
  type SenderEffect,
  type SenderEvent,
  type SenderRequest,
  type SenderState,
  stepSender,
} from "../sender.ts";
import { FeedOutbox, type FeedWrite } from "./feed-outbox.ts";
import { keepCursors, type Mutation, mutatedEvent, mutatedView } from "./mutation.ts";
import { NOTHING_REJECTED } from "./receiver-rig.ts";

export const TYPES = ["T", "U"] as const;
export const NAMES = ["a", "b", "c"] as const;
export const ZONES = ["east", "west"] as const;
export const AUDIENCES: readonly Audience[] = [
  EVERYBODY,
  EVERYBODY,
  NOBODY,
  toOthers("east", 0),
  toOthers("west", 0),
  toOnlyZone("east", 0),
];

type Zone = (typeof ZONES)[number];
type Type = (typeof TYPES)[number];

export type Step =
  | {
      readonly kind: "write";
      readonly type: Type;
      readonly name: string;
      readonly content: "good" | "bad" | "gone";
      readonly audience: Audience;
    }
  | { readonly kind: "request" | "response" | "store" | "block" | "drain" | "connect"; readonly zone: Zone }
  /** The connection breaks. `isStored`: what the receiver was storing is, or was lost in a crash. */
  | { readonly kind: "cut"; readonly zone: Zone; readonly isStored: boolean }
  | { readonly kind: "crashSource"; readonly isStored: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "settle" };

/** Of one key at the source. Contents are unique, `bad` in them makes receivers reject. */
interface Past {
  readonly revision: number;
  readonly at: number;
  readonly content: string | undefined;
  readonly audience: Audience;
}

interface Message {
  readonly send: Extract<SenderEffect, { kind: "send" }>;
  /** Of the source when it was sent. */
  readonly revision: number;
}

interface Held {
  readonly content: string;
}

interface Peer {
  readonly zone: Zone;
  readonly recipient: Recipient;
  /** Survives everything. `type/name.` */
  readonly store: Map<string, Held>;
  /** Newest source revision that was ever applied to a key. */
  readonly newest: Map<string, number>;
  connection: Connection | undefined;
  lastSender: SenderState | undefined;
}

interface Connection {
  readonly sender: SenderState;
  readonly receiver: ReceiverState;
  readonly requests: SenderRequest[];
  readonly responses: Message[];
  readonly applying: { readonly batch: ReceivedBatch; readonly revision: number }[];
  /** Revision of the response behind a nonce. */
  readonly revisions: Map<string, number>;
  /** Responses without an answer, per type. */
  readonly unanswered: Map<string, number>;
}

const SETTLE_ROUNDS = 12;

export class SyncWorld {
  readonly #mutation: Mutation | undefined;
  readonly #history = new Map<string, Past[]>();
  readonly #peers: readonly Peer[];
  #outbox: FeedOutbox;
  #revision = 0;
  #now = 1_000_000;
  #isLoaded = true;

  constructor(mutation?: Mutation) {
    this.#mutation = mutation;
    this.#outbox = new FeedOutbox(TYPES, (type) => this.#lowestCursor(type));
    this.#peers = ZONES.map((zone) => ({
      zone,
      recipient: { zone, features: ALL_FEATURES },
      store: new Map(),
      newest: new Map(),
      connection: undefined,
      lastSender: undefined,
    }));
  }

  /** @throws {Error} that names the broken rule */
  step(step: Step): void {
    switch (step.kind) {
      case "write":
        this.#write(step);
        break;
      case "request":
        this.#deliverRequest(this.#peer(step.zone));
        break;
      case "response":
        this.#deliverResponse(this.#peer(step.zone));
        break;
      case "store":
        this.#store(this.#peer(step.zone));
        break;
      case "block":
        this.#send(this.#peer(step.zone), { kind: "blocked" });
        break;
      case "drain":
        this.#send(this.#peer(step.zone), { kind: "drained" });
        break;
      case "connect":
        this.#connect(this.#peer(step.zone));
        break;
      case "cut":
        this.#cut(this.#peer(step.zone), step.isStored);
        break;
      case "crashSource":
        for (const peer of this.#peers) this.#cut(peer, step.isStored);
        this.#outbox = new FeedOutbox(TYPES, (type) => this.#lowestCursor(type));
        this.#isLoaded = false;
        if (this.#mutation !== "first response before the store is loaded") this.#load();
        break;
      case "wait":
        this.#now += step.ms;
        break;
      case "settle":
        this.#settle();
    }
    this.#checkAlways();
  }

  /** Everybody connected, nothing more written: the time that it takes is bounded. */
  #settle(): void {
    for (const peer of this.#peers) if (peer.connection === undefined) this.#connect(peer);
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
      for (const peer of this.#peers) {
        this.#send(peer, { kind: "drained" });
        const { connection } = peer;
        if (connection === undefined) throw new Error("bounded staleness: a stream ended by itself");
        for (let i = connection.requests.length; i > 0; i -= 1) this.#deliverRequest(peer);
        for (let i = connection.responses.length; i > 0; i -= 1) this.#deliverResponse(peer);
        for (let i = connection.applying.length; i > 0; i -= 1) this.#store(peer);
        this.#checkAlways();
      }
      if (!this.#isLoaded) this.#load();
    }
    for (const peer of this.#peers) {
      const { requests = [], responses = [], applying = [] } = peer.connection ?? {};
      if (requests.length + responses.length + applying.length > 0)
        throw new Error("quiescence: they talk without end");
      this.#checkConverged(peer);
    }
  }

  #write(step: Extract<Step, { kind: "write" }>): void {
    if (!this.#isLoaded) this.#load();
    this.#revision += 1;
    const suffix = step.content === "bad" ? " bad" : "";
    const content = step.content === "gone" ? undefined : `${this.#revision}${suffix}`;
    const key = `${step.type}/${step.name}.`;
    const past = this.#history.get(key) ?? [];
    past.push({ revision: this.#revision, at: this.#now, content, audience: step.audience });
    this.#history.set(key, past);
    const isMadePublic = this.#mutation === "the home zone gets its own back" && step.audience.kind === "others";
    const audience = isMadePublic ? EVERYBODY : step.audience;
    const take = (): void => this.#take({ type: step.type, name: step.name, content, audience });
    const isStale = this.#mutation === "stale read after an event";
    if (!isStale) take();
    const event = {
      kind: "changed",
      types: new Set([step.type]),
      revision: this.#revision,
      committedAt: this.#now,
    } as const;
    for (const peer of this.#peers) this.#send(peer, event);
    if (isStale) take();
  }

  #take(write: FeedWrite): void {
    this.#outbox.revision = this.#revision - 1;
    this.#outbox.commit(this.#now, write);
  }

  /** After a restart: what is stored, as one commit without a past. */
  #load(): void {
    this.#isLoaded = true;
    const writes: FeedWrite[] = [];
    for (const [key, past] of this.#history) {
      const last = past.at(-1);
      const [type, wireName] = split(key);
      if (last?.content === undefined) continue;
      writes.push({ type, name: wireName.slice(0, -1), content: last.content, audience: last.audience });
    }
    this.#outbox.revision = this.#revision - 1;
    const types = this.#outbox.commit(this.#now, ...writes);
    if (types.size === 0) return;
    for (const peer of this.#peers) {
      this.#send(peer, { kind: "changed", types, revision: this.#revision, committedAt: this.#now });
    }
  }

  #connect(peer: Peer): void {
    if (peer.connection !== undefined) return;
    const sender = createSender({ zone: peer.zone, features: ALL_FEATURES, takesIntents: false, openedAt: this.#now });
    if (this.#mutation === "cursor kept across a reconnect") keepCursors(sender, peer.lastSender);
    peer.connection = {
      sender,
      receiver: createReceiver({ zone: peer.zone, takesHolds: false, openedAt: this.#now }),
      requests: [],
      responses: [],
      applying: [],
      revisions: new Map(),
      unanswered: new Map(),
    };
    this.#receive(peer, { kind: "opened", types: TYPES });
  }

  #cut(peer: Peer, isStored: boolean): void {
    const { connection } = peer;
    if (connection === undefined) return;
    for (const { batch, revision } of isStored ? connection.applying : []) this.#apply(peer, batch, revision);
    peer.lastSender = connection.sender;
    peer.connection = undefined;
  }

  #deliverRequest(peer: Peer): void {
    const request = peer.connection?.requests.shift();
    if (request === undefined || peer.connection === undefined) return;
    if (request.nonce !== "") add(peer.connection.unanswered, request.type, -1);
    this.#send(peer, { kind: "request", ...request });
  }

  #deliverResponse(peer: Peer): void {
    const message = peer.connection?.responses.shift();
    if (message === undefined) return;
    const { send } = message;
    const upserts: ReceivedResource[] = [];
    const invalid: Rejection[] = [];
    for (const { wireName, version } of send.upserts) {
      const name = wireName.slice(0, -1);
      const resource = { type: send.type, mesh: "", name, labels: {}, spec: {} };
      if (version.includes("bad")) invalid.push({ wireName, kind: "invalid", reason: "bad" });
      else upserts.push({ wireName, version, resource });
    }
    peer.connection?.revisions.set(send.nonce, message.revision);
    const { type, nonce, removals: removed, intents, bytes } = send;
    this.#receive(peer, { kind: "response", type, nonce, upserts, removed, invalid, intents, bytes });
  }

  #store(peer: Peer): void {
    const next = peer.connection?.applying.shift();
    if (next === undefined) return;
    this.#apply(peer, next.batch, next.revision);
    if (this.#mutation !== "ACK before store") this.#applied(peer, next.batch);
  }

  #applied(peer: Peer, batch: ReceivedBatch): void {
    this.#receive(peer, { kind: "applied", type: batch.type, nonce: batch.nonce, outcome: NOTHING_REJECTED });
  }

  #apply(peer: Peer, batch: ReceivedBatch, revision: number): void {
    const keyOf = (wireName: string): string => `${batch.type}/${wireName}`;
    const kept = new Set([...batch.upserts, ...batch.invalid].map((entry) => keyOf(entry.wireName)));
    const doomed = new Set(batch.removed.map(keyOf));
    const isFull = batch.initial || this.#mutation === "an increment taken for a full list";
    if (isFull && this.#mutation !== "no delete on a full first response") {
      for (const key of peer.store.keys()) if (key.startsWith(`${batch.type}/`) && !kept.has(key)) doomed.add(key);
    }
    for (const key of doomed) {
      if (peer.store.has(key) && this.#entitled(peer, key, revision) !== undefined) {
        throw new Error(`no spurious delete: ${key} exists for ${peer.zone}`);
      }
      peer.store.delete(key);
      peer.newest.set(key, Math.max(revision, peer.newest.get(key) ?? 0));
    }
    for (const { wireName, version } of batch.upserts) {
      const key = keyOf(wireName);
      const written = this.#history.get(key)?.find((past) => past.content === version);
      if (written === undefined) throw new Error(`no phantom: ${key} never was ${version}`);
      if (written.revision < (peer.newest.get(key) ?? 0))
        throw new Error(`no resurrection: ${key} went back to ${version}`);
      peer.newest.set(key, written.revision);
      peer.store.set(key, { content: version });
    }
  }

  #send(peer: Peer, event: SenderEvent): void {
    const { connection } = peer;
    if (connection === undefined) return;
    const effects = stepSender(connection.sender, mutatedEvent(this.#mutation, event), {
      outboxFor: () => mutatedView(this.#mutation, this.#outbox, event),
      maxMessageBytes: Number.MAX_SAFE_INTEGER,
      now: this.#now,
    });
    for (const effect of effects) {
      if (effect.kind === "endStream") this.#cut(peer, true);
      if (effect.kind !== "send") continue;
      add(connection.unanswered, effect.type, 1);
      if ((connection.unanswered.get(effect.type) ?? 0) > 1) throw new Error(`one in flight: ${effect.type} has two`);
      for (const { wireName, version } of effect.upserts) {
        const key = `${effect.type}/${wireName}`;
        const last = this.#history.get(key)?.at(-1);
        if (last?.content === version && !isEntitled(last.audience, peer.recipient)) {
          throw new Error(`not entitled: ${peer.zone} was sent ${key}`);
        }
      }
      connection.responses.push({ send: effect, revision: this.#revision });
    }
  }

  #receive(peer: Peer, event: ReceiverEvent): void {
    const { connection } = peer;
    if (connection === undefined) return;
    for (const effect of stepReceiver(connection.receiver, event, { now: this.#now }))
      this.#onReceiverEffect(peer, effect);
  }

  #onReceiverEffect(peer: Peer, effect: ReceiverEffect): void {
    const { connection } = peer;
    if (connection === undefined) return;
    switch (effect.kind) {
      case "subscribe":
        connection.requests.push(requestOf(effect.type, "", ["*"], undefined));
        break;
      case "ack":
        connection.requests.push(requestOf(effect.type, effect.nonce, [], undefined));
        break;
      case "nack":
        connection.requests.push(requestOf(effect.type, effect.nonce, ["*"], effect.message));
        break;
      case "apply": {
        const revision = connection.revisions.get(effect.batch.nonce) ?? 0;
        connection.applying.push({ batch: effect.batch, revision });
        if (this.#mutation === "ACK before store") this.#applied(peer, effect.batch);
        break;
      }
      case "endStream":
        this.#cut(peer, true);
        break;
      case "wait":
      case "note":
    }
  }

  /** The content of a key that the peer is entitled to, as of a revision. */
  #entitled(peer: Peer, key: string, revision: number): string | undefined {
    const past = this.#history.get(key)?.findLast((entry) => entry.revision <= revision);
    return past?.content !== undefined && isEntitled(past.audience, peer.recipient) ? past.content : undefined;
  }

  #checkConverged(peer: Peer): void {
    for (const key of this.#keys(peer)) {
      const expected = this.#entitled(peer, key, this.#revision);
      const held = peer.store.get(key)?.content;
      if (expected?.includes("bad") !== true && held !== expected) {
        throw new Error(`convergence: ${peer.zone} holds ${key}=${held} instead of ${expected}`);
      }
    }
  }

  #checkAlways(): void {
    for (const peer of this.#peers) if (peer.connection !== undefined) this.#checkLedger(peer, peer.connection.sender);
  }

  /** What the source says of the receiver's store, against that store. */
  #checkLedger(peer: Peer, sender: SenderState): void {
    const rows = senderRows(sender, { outbox: this.#outbox, direction: "global-to-zone", now: this.#now });
    for (const row of rows) {
      for (const key of this.#keys(peer)) {
        const [type, wireName] = split(key);
        if (type !== row.type) continue;
        const last = this.#history.get(key)?.at(-1);
        const expected = this.#entitled(peer, key, this.#revision);
        const held = peer.store.get(key)?.content;
        if (held === expected || last === undefined) continue;
        const what = `${peer.zone} holds ${key}=${held} instead of ${expected}`;
        if (row.state === "synced") throw new Error(`ledger: says synced, but ${what}`);
        const record = sender.types.get(type);
        if (record?.acked === undefined) continue;
        if (row.pendingResources === 0) throw new Error(`ledger: says nothing pending, but ${what}`);
        const isRejected = row.rejected.some((rejection) => rejection.wireName === wireName);
        if (last.revision <= row.acknowledged && !isRejected && held !== expected) {
          throw new Error(
            `acknowledged is ahead: ${what}, changed with ${last.revision}, acknowledged ${row.acknowledged}`,
          );
        }
        // What a first list holds is old: it counts from the subscription on.
        const age = (this.#now - Math.max(last.at, record.subscribedAt)) / 1000;
        if (row.oldestUnackedSeconds < age - 1e-9) {
          throw new Error(`ledger: says ${row.oldestUnackedSeconds} s, but ${what} since ${age} s`);
        }
      }
    }
  }

  #keys(peer: Peer): Iterable<string> {
    return new Set([...this.#history.keys(), ...peer.store.keys()]);
  }

  #lowestCursor(type: string): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { connection } of this.#peers) {
      lowest = Math.min(lowest, connection?.sender.types.get(type)?.cursor?.revision ?? Number.POSITIVE_INFINITY);
    }
    return lowest;
  }

  #peer(zone: Zone): Peer {
    const peer = this.#peers.find((candidate) => candidate.zone === zone);
    if (peer === undefined) throw new Error(`no peer ${zone}`);
    return peer;
  }
}

function requestOf(
  type: string,
  nonce: string,
  subscribe: readonly string[],
  error: string | undefined,
): SenderRequest {
  const none = { unsubscribe: [], initialVersions: new Map(), features: undefined, held: undefined };
  return { ...none, type, nonce, subscribe, error };
}

function split(key: string): [type: string, wireName: string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
