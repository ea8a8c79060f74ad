/**
 * Signing keys of the defaults are made last, beside what runs already: on a first start RSA takes most of a second, and hardly anybody
 * asks for a token in the first moment of a control plane. Who does, or reads secrets, or wants to be served as a zone, waits for them.
 */
import type { Service } from "@isthmus/std";

export interface LateSigningKeysOptions {
  /** Called once, at the start. */
  readonly make: () => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export class LateSigningKeys implements Service {
  readonly name = "late signing keys";
  readonly #options: LateSigningKeysOptions;
  readonly #made: Promise<void>;
  #follow: (making: Promise<void>) => void = () => {};
  #making: Promise<void> = Promise.resolve();

  constructor(options: LateSigningKeysOptions) {
    this.#options = options;
    this.#made = new Promise((resolve) => {
      this.#follow = resolve;
    });
  }

  /** Rejects where they could not be made: the next start tries again. */
  readonly made = (): Promise<void> => this.#made;

  async start(): Promise<void> {
    this.#making = this.#options.make();
    this.#making.catch(this.#options.onFailure);
    this.#follow(this.#making);
    this.#made.catch(() => {});
  }

  /** The store has to outlive what writes to it. */
  async stop(): Promise<void> {
    await this.#making.catch(() => {});
  }
}
