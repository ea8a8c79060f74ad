/**
 * What-if reports, each computed in a thread of its own: it takes seconds in large zones, and the thread that syncs and answers
 * must not stand still. A copy of the world is made for each report, so one is computed at a time; it is copied in parts, since
 * copying is work of the sending thread.
 */
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { WhatIfReport } from "@isthmus/api";
import type { WhatIfFailure } from "@isthmus/api-server";
import { type Clock, err, errorMessage, ok, type Result, type Service } from "@isthmus/std";
import type { Losses } from "@isthmus/topology";
import type { WorldContents } from "./topology-source.ts";
import type { WhatIfMessage } from "./what-if-message.ts";

export interface WhatIfRunnerOptions {
  readonly contents: () => WorldContents;
  readonly clock: Clock;
  /** From start to report; milliseconds. */
  readonly timeoutMs?: number;
  /** Of the thread's heap. */
  readonly memoryMb?: number;
  /** The file of the worker; for tests, which run from source. */
  readonly script?: URL;
}

type Outcome = Result<WhatIfReport, WhatIfFailure>;

/** Half a minute is the patience of clients. */
const TIMEOUT_MS = 25_000;
const MEMORY_MB = 1024;
/** The one that is computed, and those that wait for it. */
const QUESTIONS_MAX = 4;
/** A few milliseconds of copying. */
const RESOURCES_PER_MESSAGE = 250;
/** Beside this file, whether it is compiled alone or bundled with all others: scripts/build.mjs makes it an entry of its own. */
const SCRIPT = new URL("./what-if-worker.js", import.meta.url);

export class WhatIfRunner implements Service {
  readonly name = "what-if";
  readonly #options: WhatIfRunnerOptions;
  #questions = 0;
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | undefined;
  #hasStopped = false;

  constructor(options: WhatIfRunnerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {}

  /** Whoever still waits is told. */
  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#worker?.terminate();
    await this.#last;
  }

  async ask(losses: Losses): Promise<Outcome> {
    if (this.#questions >= QUESTIONS_MAX) {
      return failure("busy", `${this.#questions} questions are being answered already: ask again later`);
    }
    this.#questions += 1;
    const outcome = this.#last.then(() => this.#answer(losses));
    this.#last = outcome.catch(() => {});
    try {
      return await outcome;
    } finally {
      this.#questions -= 1;
    }
  }

  async #answer(losses: Losses): Promise<Outcome> {
    if (this.#hasStopped) return failure("failed", "this zone is stopping");
    const { contents, clock, timeoutMs = TIMEOUT_MS, memoryMb = MEMORY_MB, script = SCRIPT } = this.#options;
    const worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    this.#worker = worker;
    const outcome = outcomeOf(worker);
    const timeout = timeoutAfter(clock, timeoutMs);
    try {
      await send(worker, contents(), losses);
      return await Promise.race([outcome, timeout.outcome]);
    } finally {
      timeout.cancel();
      this.#worker = undefined;
      await worker.terminate();
    }
  }
}

/** A worker that has ended takes messages and forgets them, so nothing here fails. */
async function send(worker: Worker, { resources, settings }: WorldContents, losses: Losses): Promise<void> {
  const post = (message: WhatIfMessage) => worker.postMessage(message);
  for (let from = 0; from < resources.length; from += RESOURCES_PER_MESSAGE) {
    post({ kind: "resources", resources: resources.slice(from, from + RESOURCES_PER_MESSAGE) });
    await setImmediate();
  }
  post({ kind: "question", settings, losses });
}

function outcomeOf(worker: Worker): Promise<Outcome> {
  return new Promise((resolve) => {
    worker.once("message", (report: WhatIfReport) => resolve(ok(report)));
    worker.once("error", (error) => resolve(failure("failed", `the computation failed: ${errorMessage(error)}`)));
    worker.once("exit", (code) => resolve(failure("failed", `the computation ended without an answer, code ${code}`)));
  });
}

function timeoutAfter(clock: Clock, ms: number): { readonly outcome: Promise<Outcome>; readonly cancel: () => void } {
  let cancel = (): void => {};
  const outcome = new Promise<Outcome>((resolve) => {
    const late = () => resolve(failure("timeout", `there was no answer within ${ms / 1000} s`));
    ({ cancel } = clock.setTimeout(late, ms));
  });
  return { outcome, cancel };
}

function failure(kind: WhatIfFailure["kind"], detail: string): Outcome {
  return err({ kind, detail });
}
