/** How far long work is, on standard error: a line that is drawn anew on a terminal, lines from time to time elsewhere. */
import type { Terminal } from "../terminal.ts";

const REDRAW_MS = 100;
const LINE_MS = 2_000;
const CLEAR_LINE = "\r\u001b[K";

export class Progress {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #isDrawn: boolean;
  readonly #isShown: boolean;
  readonly #started: number;
  #total: number | undefined;
  #done = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #hasLine = false;

  /** Shown on a terminal, unless answers go there as well; and where `isWanted`. */
  constructor(
    terminal: Terminal,
    label: string,
    options: { readonly total?: number; readonly isWanted?: boolean } = {},
  ) {
    this.#terminal = terminal;
    this.#label = label;
    this.#total = options.total;
    this.#isDrawn = terminal.stderr.isTerminal && (!terminal.stdout.isTerminal || options.isWanted === true);
    this.#isShown = this.#isDrawn || options.isWanted === true;
    this.#started = terminal.clock.monotonic();
  }

  advance(count = 1): void {
    this.at(this.#done + count, this.#total);
  }

  at(done: number, total: number | undefined): void {
    this.#done = done;
    this.#total = total;
    if (!this.#isShown) return;
    const now = this.#terminal.clock.monotonic();
    if (now - this.#shownAt < (this.#isDrawn ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    this.#show(now);
  }

  /** Removes the line from a terminal; elsewhere says how far it came. */
  end(): void {
    if (this.#isDrawn) {
      if (this.#hasLine) this.#terminal.stderr.write(CLEAR_LINE);
    } else if (this.#isShown) {
      this.#show(this.#terminal.clock.monotonic());
    }
    this.#hasLine = false;
  }

  #show(now: number): void {
    const text = progressText(this.#label, this.#done, this.#total, (now - this.#started) / 1000);
    this.#terminal.stderr.write(
      this.#isDrawn ? `${CLEAR_LINE}${text.slice(0, (this.#terminal.stderr.columns ?? 80) - 1)}` : `${text}\n`,
    );
    this.#hasLine = true;
  }
}

export function progressText(label: string, done: number, total: number | undefined, seconds: number): string {
  if (total === undefined) return `${label}: ${done}`;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const left =
    done > 0 && done < total && seconds >= 1 ? `, ${Math.ceil((seconds / done) * (total - done))}s left` : "";
  return `${label}: ${done} of ${total} (${percent}%${left})`;
}
