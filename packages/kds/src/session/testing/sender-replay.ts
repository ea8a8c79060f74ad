/**
 * Our sender in the place of a recorded one. It gets the requests of the recorded receiver, and its store is given what
 * the recorded store must have held; what it says then has to be what was recorded, message by message and type by type.
 */
import { generateKeyPairSync } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type Op, type ResourceDraft } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { expect } from "vitest";
import { Outbox } from "../../feed/outbox.ts";
import { type FeatureSet, featureSetOf } from "../../mapping/features.ts";
import type { SenderRole } from "../../mapping/mapper.ts";
import { descriptorOf, registry } from "../../testing/make-resource.ts";
import { readRequest } from "../../wire/request.ts";
import { encodeResponse } from "../../wire/response.ts";
import { createSender, type SenderEvent, type SenderRequest, type SenderState, stepSender } from "../sender.ts";
import {
  bytesOf,
  type RecordedLine,
  type RecordedRequest,
  type RecordedResource,
  type Rpc,
  type SaidByResponse,
  saidBy,
} from "./recording.ts";

const PUBLIC_KEY = "zone-token-signing-public-key";
const PRIVATE_KEY = "zone-token-signing-key";
const signingKey = generateKeyPairSync("rsa", {
  modulusLength: 1024,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
}).privateKey;

export class SenderReplay {
  readonly #lines: readonly RecordedLine[];
  readonly #rpc: Rpc;
  readonly #role: SenderRole;
  readonly #withVersions: boolean;
  readonly #store = createMemoryStore({ clock: new FakeClock() });
  readonly #outbox: Outbox;
  /** Version of each name as recorded last. */
  readonly #versions = new Map<string, string>();
  #session: SenderState | undefined;
  #link = 0;
  /** Per type, of the current link. */
  #ours = new Map<string, { readonly nonce: string; readonly said: SaidByResponse }[]>();
  #recorded = new Map<string, string[]>();
  /** Nonces of responses that repeat what was said before: Kuma compares bytes, and `null` is not absence to it. */
  readonly #repeated = new Set<string>();
  readonly #latest = new Map<string, unknown>();

  /** `withVersions`: our bytes have to be Kuma's to the last one, else the same content will do. */
  constructor(lines: readonly RecordedLine[], rpc: Rpc, role: SenderRole, options: { withVersions: boolean }) {
    this.#withVersions = options.withVersions;
    this.#lines = lines;
    this.#rpc = rpc;
    this.#role = role;
    this.#outbox = new Outbox({ registry, store: this.#store, role });
  }

  /** Returns the number of recorded responses that were matched. */
  async run(): Promise<number> {
    await this.#prepare();
    this.#outbox.start();
    this.#outbox.subscribe((change) => this.#step({ kind: "changed", ...change }));
    let matched = 0;
    for (const [index, line] of this.#lines.entries()) {
      if ("note" in line) await this.#onNote(line.note, line.body, index);
      else if (line.rpc !== this.#rpc) continue;
      else if ("request" in line) this.#onRequest(line.request, line.raw, line.link);
      else {
        if (await this.#onResponse(line.response, saidBy(bytesOf(line.raw)))) matched += 1;
      }
    }
    this.#checkNothingMore();
    this.#outbox.stop();
    return matched;
  }

  /** What the first responses hold was there before. */
  async #prepare(): Promise<void> {
    const seen = new Set<string>();
    const ops: Op[] = [];
    for (const line of this.#lines) {
      if ("note" in line || !("response" in line) || line.rpc !== this.#rpc || seen.has(line.response.type)) continue;
      seen.add(line.response.type);
      for (const resource of saidBy(bytesOf(line.raw)).resources)
        ops.push({ kind: "put", resource: this.#source(resource) });
    }
    await this.#store.commit(ops);
  }

  #onRequest(request: RecordedRequest, raw: string | undefined, link: number): void {
    const features = featureSetOf(request.features ?? []);
    if (this.#repeated.has(request.nonce ?? "")) return;
    if (link !== this.#link) this.#open(request.nodeId, features, link);
    const read = raw === undefined ? undefined : readRequest(bytesOf(raw), false);
    if (read !== undefined && !read.ok) throw new Error(read.error);
    const given: SenderRequest = read?.value.request ?? {
      type: request.type,
      nonce: request.nonce ?? "",
      subscribe: request.subscribe ?? [],
      unsubscribe: [],
      initialVersions: new Map(Object.entries(request.initialVersions ?? {})),
      error: request.error,
      features,
      held: undefined,
    };
    const nonce = this.#ourNonce(given.type, given.nonce);
    this.#step({ kind: "request", ...given, nonce, initialVersions: this.#ourVersions(given) });
  }

  async #onResponse(
    response: { readonly type: string; readonly nonce: string },
    said: SaidByResponse,
  ): Promise<boolean> {
    const { type, nonce } = response;
    if (this.#isRepeated(said)) {
      this.#repeated.add(nonce);
      return false;
    }
    const nonces = this.#recorded.get(type) ?? [];
    this.#recorded.set(type, nonces);
    nonces.push(nonce);
    for (const { wireName, version } of said.resources) this.#versions.set(`${type}/${wireName}`, version);
    if (this.#ours.get(type)?.[nonces.length - 1] === undefined) await this.#store.commit(this.#opsBehind(type, said));
    const ours = this.#ours.get(type)?.[nonces.length - 1];
    expect(
      ours === undefined ? "nothing" : comparable(ours.said, this.#withVersions),
      `${type}, recorded nonce ${nonce}`,
    ).toEqual(comparable(said, this.#withVersions));
    return true;
  }

  #isRepeated(said: SaidByResponse): boolean {
    const isNew = said.removed.length > 0 || said.resources.length === 0;
    let isSame = !isNew;
    for (const { version: _, ...resource } of said.resources) {
      const key = `${this.#link}/${resource.type}/${resource.wireName}`;
      isSame &&= isDeepStrictEqual(this.#latest.get(key), resource);
      this.#latest.set(key, resource);
    }
    for (const wireName of said.removed) {
      for (const key of this.#latest.keys()) if (key.endsWith(`/${wireName}`)) this.#latest.delete(key);
    }
    return isSame;
  }

  /** An operator wrote at the recorded side. What exactly was stored, the response that followed says. */
  async #onNote(note: string, body: JsonObject | undefined, index: number): Promise<void> {
    const [, verb, path] = note.split(" ");
    const parts = (path ?? "").split("/").slice(1);
    const name = parts.at(-1) ?? "";
    const descriptor = registry.byPath(parts.at(-2) ?? "");
    if (descriptor === undefined) throw new Error(`what is ${note}?`);
    const mesh = descriptor.scope === "Mesh" ? (parts[1] ?? "") : "";
    const key = { type: descriptor.name, mesh, name };
    if (verb === "DELETE") {
      await this.#store.commit([{ kind: "delete", key }]);
      return;
    }
    const isSynced = this.#outbox.view(0).provides(key.type);
    const stored = isSynced ? this.#store.get(key) : undefined;
    const resource = this.#laterContent(key.type, name, note, index) ?? stored ?? draftOf(key, body ?? {});
    await this.#store.commit([{ kind: "put", resource }]);
  }

  #laterContent(type: string, name: string, note: string, index: number): ResourceDraft | undefined {
    for (const line of this.#lines.slice(index + 1)) {
      if ("note" in line) {
        if (line.note.split(" ")[2] === note.split(" ")[2]) return undefined;
      } else if ("response" in line && line.response.type === type) {
        const sources = saidBy(bytesOf(line.raw)).resources.map((resource) => this.#source(resource));
        const found = sources.find((source) => source.name === name);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #opsBehind(type: string, said: SaidByResponse): readonly Op[] {
    const puts = said.resources.map((resource): Op => ({ kind: "put", resource: this.#source(resource) }));
    const view = this.#outbox.view(this.#session?.features ?? 0);
    const deletes = said.removed.flatMap((wireName): Op[] => {
      const stored = this.#store.list(type).find((candidate) => this.#isBehind(candidate, wireName));
      return stored === undefined || !view.provides(type) ? [] : [{ kind: "delete", key: stored }];
    });
    return [...puts, ...deletes];
  }

  #isBehind(stored: Resource, wireName: string): boolean {
    const display = stored.labels["kuma.io/display-name"] ?? stored.name;
    return `${stored.name}.${stored.mesh}` === wireName || wireName.startsWith(`${display}-`);
  }

  /** The stored resource from which the mappers make this one. */
  #source(resource: RecordedResource): ResourceDraft {
    const { type, mesh, spec, status } = resource;
    const { "kuma.io/origin": _, "kuma.io/display-name": display, ...labels } = resource.labels;
    const rest = { type, mesh, ...(status === undefined ? {} : { status }) };
    if (this.#role.kind === "zone") {
      return { ...rest, name: display ?? resource.name, labels: { ...labels, "kuma.io/origin": "zone" }, spec };
    }
    if (labels["kuma.io/zone"] !== undefined) {
      return { ...rest, name: resource.name, labels: { ...resource.labels, "kuma.io/origin": "zone" }, spec };
    }
    const isKey = type === "GlobalSecret" && resource.name.startsWith(PUBLIC_KEY);
    const name = isKey ? resource.name.replace(PUBLIC_KEY, PRIVATE_KEY) : (display ?? resource.name);
    return { ...rest, name, labels, spec: isKey ? { data: Buffer.from(signingKey).toString("base64") } : spec };
  }

  #ourNonce(type: string, nonce: string): string {
    const index = this.#recorded.get(type)?.indexOf(nonce) ?? -1;
    return index === -1 ? nonce : (this.#ours.get(type)?.[index]?.nonce ?? nonce);
  }

  /** Versions are opaque: where the peer named the recorded one, it means ours. */
  #ourVersions({ type, initialVersions }: SenderRequest): ReadonlyMap<string, string> {
    const view = this.#outbox.view(this.#session?.features ?? 0);
    const recipient = { zone: this.#session?.zone ?? "", features: this.#session?.features ?? 0 };
    const translate = (wireName: string, version: string): string =>
      this.#versions.get(`${type}/${wireName}`) === version
        ? (view.lookup(type, recipient, wireName)?.version ?? version)
        : version;
    return new Map([...initialVersions].map(([name, version]) => [name, translate(name, version)]));
  }

  #open(zone: string, features: FeatureSet, link: number): void {
    this.#checkNothingMore();
    this.#link = link;
    this.#ours = new Map();
    this.#recorded = new Map();
    this.#session = createSender({ zone, features, takesIntents: false, openedAt: 0 });
  }

  #step(event: SenderEvent): void {
    if (this.#session === undefined) return;
    const context = {
      outboxFor: (features: FeatureSet) => this.#outbox.view(features),
      maxMessageBytes: 10 * 1024 * 1024,
      now: 0,
    };
    for (const effect of stepSender(this.#session, event, context)) {
      if (effect.kind === "endStream") throw new Error(effect.message);
      if (effect.kind !== "send") continue;
      const bytes = encodeResponse(effect, this.#role.kind === "zone" ? this.#role.zone : "global");
      const ours = this.#ours.get(effect.type) ?? [];
      this.#ours.set(effect.type, ours);
      ours.push({ nonce: effect.nonce, said: saidBy(bytes) });
    }
  }

  #checkNothingMore(): void {
    const counts = (map: ReadonlyMap<string, readonly unknown[]>): unknown =>
      Object.fromEntries([...map].map(([type, said]): [string, number] => [type, said.length]));
    expect(counts(this.#ours)).toEqual(counts(this.#recorded));
  }
}

function draftOf(key: Pick<ResourceDraft, "type" | "mesh" | "name">, body: JsonObject): ResourceDraft {
  const { type: _, name: __, mesh: ___, labels = {}, spec, ...flat } = body;
  const isFlat = descriptorOf(key.type).format.kind === "protobuf";
  return { ...key, labels: labels as ResourceDraft["labels"], spec: (isFlat ? flat : (spec ?? {})) as JsonObject };
}

/** Without the key that no one but the recorded global has. */
function comparable(said: SaidByResponse, withVersions: boolean): unknown {
  const resources = said.resources.map((resource) => {
    const isKey = resource.name.startsWith(PUBLIC_KEY);
    const { version, ...content } = resource;
    const shown = isKey ? { ...content, spec: "a public key" } : content;
    return withVersions && !isKey ? { ...shown, version } : shown;
  });
  return { ...said, resources };
}
