/** Tokens of a template with some look-ahead, and the errors that tell where they stand. */
import { describeToken, Lexer, type Token } from "./go-template-lexer.ts";

export class TemplateError extends Error {}

export class TokenStream {
  readonly #lexer: Lexer;
  #ahead: Token[] = [];
  #lastLine = 1;
  /** Where the action that is being read began; 0 outside of actions. */
  actionLine = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  next(): Token {
    const token = this.#ahead.shift();
    if (token !== undefined) return token;
    const read = this.#lexer.next();
    this.#lastLine = read.line;
    return read;
  }

  putBack(token: Token): void {
    this.#ahead.unshift(token);
  }

  peek(): Token {
    const token = this.next();
    this.putBack(token);
    return token;
  }

  /** Drops spaces and shows what follows. */
  peekWord(): Token {
    let token = this.next();
    while (token.type === "space") token = this.next();
    this.putBack(token);
    return token;
  }

  /** What Go's templates have beyond ours. */
  beyond(token: Token): never {
    if (token.text === ".") this.fail('illegal number syntax: "."');
    return this.fail(`${token.text} is not supported: only fields, strings and function calls are`);
  }

  unexpected(token: Token, context: string): never {
    if (token.type !== "error") this.fail(`unexpected ${describeToken(token)} in ${context}`);
    const isElsewhere = this.actionLine !== 0 && this.actionLine !== token.line;
    const verb = token.text.endsWith(" action") ? " started" : " in action started";
    return this.fail(token.text + (isElsewhere ? `${verb} at :${this.actionLine}` : ""));
  }

  /** @throws {TemplateError} always. */
  fail(message: string): never {
    throw new TemplateError(`template: :${this.#lastLine}: ${message}`);
  }
}
