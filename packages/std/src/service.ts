/**
 * One lifecycle for every long-lived part of a program: ordered start, reverse stop.
 */

export interface Service {
  readonly name: string;
  /** Resolves when the service does its job (listening, loaded, ...). Rejecting aborts the start of the program. */
  start(): Promise<void>;
  /** Drains, then ends. Idempotent, and safe on a service that never started. */
  stop(): Promise<void>;
}

export class ServiceStartError extends Error {
  readonly code = "SERVICE_START";
  readonly service: string;

  constructor(service: string, cause: unknown) {
    super(`${service}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.service = service;
  }
}

/** Starts in order; when one fails, stops those already started in reverse order and rethrows. */
export class ServiceGroup implements Service {
  readonly name: string;
  readonly #services: readonly Service[];
  readonly #onStopError: (service: string, error: unknown) => void;
  #started: Service[] = [];

  constructor(
    name: string,
    services: readonly Service[],
    onStopError: (service: string, error: unknown) => void = () => {},
  ) {
    this.name = name;
    this.#services = services;
    this.#onStopError = onStopError;
  }

  async start(): Promise<void> {
    for (const service of this.#services) {
      this.#started.push(service);
      try {
        await service.start();
      } catch (error) {
        await this.stop();
        throw error instanceof ServiceStartError ? error : new ServiceStartError(service.name, error);
      }
    }
  }

  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = [];
    for (const service of started.reverse()) {
      try {
        await service.stop();
      } catch (error) {
        this.#onStopError(service.name, error);
      }
    }
  }
}
