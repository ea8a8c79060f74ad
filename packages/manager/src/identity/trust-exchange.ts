/** Gives the MeshTrusts of each zone to all zones; see `planTrustExchange`. */
import { planTrustExchange } from "@isthmus/identity";
import { computeLabels, type Labels, type Registry } from "@isthmus/resources";
import type { Clock, Random, Service } from "@isthmus/std";
import { type CommitEvent, type Store, StoreWriter, type WriteEvent } from "@isthmus/store";

export interface TrustExchangeOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: (event: WriteEvent) => void;
}

const TYPE = "MeshTrust";

export class TrustExchange implements Service {
  readonly name = "trust exchange";
  readonly #options: TrustExchangeOptions;
  readonly #writer: StoreWriter;
  #unsubscribe: (() => void) | undefined;

  constructor(options: TrustExchangeOptions) {
    const { store, clock, random, onEvent } = options;
    this.#options = options;
    const pending = () => planTrustExchange(store.list(TYPE), (mesh) => this.#labels(mesh)).map((op) => ({ op }));
    this.#writer = new StoreWriter({ store, clock, random, pending, onEvent });
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= this.#options.store.subscribe((event) => this.#onCommit(event));
    this.#writer.poke();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#writer.stop();
  }

  #onCommit({ changes }: CommitEvent): void {
    if (changes.some(({ key }) => key.type === TYPE)) this.#writer.poke();
  }

  #labels(mesh: string): Labels {
    const type = this.#options.registry.get(TYPE);
    return type === undefined ? {} : computeLabels(type, { mesh, labels: {}, spec: {} }, { mode: "global", zone: "" });
  }
}
