/** Where the cursor is in a line that is being typed: which command, which argument or option comes next. Pure. */
import type { Argument, Command, Option } from "commander";

export interface Cursor {
  /** The innermost command that the line names, with all above it. */
  readonly commands: readonly Command[];
  /** Arguments before the cursor. */
  readonly values: readonly string[];
  /** Of options before the cursor, by their names in code; lists where they may be given more than once. */
  readonly options: Readonly<Record<string, string | readonly string[] | true>>;
  readonly next:
    | {
        readonly kind: "option-value";
        readonly option: Option;
        readonly part: string /** `--name=` */;
        readonly before: string;
      }
    | { readonly kind: "option"; readonly part: string }
    | { readonly kind: "word"; readonly part: string; readonly argument: Argument | undefined };
}

/** `words` follow the name of the program; the last one is being typed, and may be empty. */
export function cursorOf(program: Command, words: readonly string[]): Cursor {
  const state = new Walk(program);
  for (const word of words.slice(0, -1)) state.take(word);
  return state.cursor(words.at(-1) ?? "");
}

class Walk {
  readonly #commands: Command[];
  readonly #values: string[] = [];
  readonly #options: Record<string, string | string[] | true> = {};
  /** Waits for its value, or for another one. */
  #open: { readonly option: Option; readonly mayEnd: boolean } | undefined;
  #isLiteral = false;

  constructor(program: Command) {
    this.#commands = [program];
  }

  take(word: string): void {
    const open = this.#open;
    if (open !== undefined && !(open.mayEnd && isOption(word))) {
      this.#set(open.option, word);
      this.#open = open.option.variadic ? { option: open.option, mayEnd: true } : undefined;
      return;
    }
    this.#open = undefined;
    if (this.#isLiteral) this.#values.push(word);
    else if (word === "--") this.#isLiteral = true;
    else if (isOption(word)) this.#takeOption(word);
    else this.#takeWord(word);
  }

  cursor(part: string): Cursor {
    const open = this.#open;
    const options = this.#options;
    const [commands, values] = [this.#commands, this.#values];
    if (open !== undefined && !(open.mayEnd && isOption(part))) {
      return { commands, values, options, next: { kind: "option-value", option: open.option, part, before: "" } };
    }
    const equals = part.indexOf("=");
    const named = part.startsWith("--") && equals > 0 ? this.#find(part.slice(0, equals)) : undefined;
    if (named !== undefined) {
      const before = part.slice(0, equals + 1);
      return {
        commands,
        values,
        options,
        next: { kind: "option-value", option: named, part: part.slice(equals + 1), before },
      };
    }
    if (part.startsWith("-") && !this.#isLiteral) return { commands, values, options, next: { kind: "option", part } };
    const expected = this.#current.registeredArguments;
    const last = expected.at(-1);
    const argument = expected[values.length] ?? (last?.variadic === true ? last : undefined);
    return { commands, values, options, next: { kind: "word", part, argument } };
  }

  get #current(): Command {
    return this.#commands.at(-1) ?? (this.#commands[0] as Command);
  }

  #takeOption(word: string): void {
    const equals = word.indexOf("=");
    const name = word.startsWith("--") && equals > 0 ? word.slice(0, equals) : word;
    const option = this.#find(name);
    if (option === undefined) return;
    if (name !== word) this.#set(option, word.slice(equals + 1));
    else if (option.required || option.optional) this.#open = { option, mayEnd: option.optional };
    else this.#options[option.attributeName()] = true;
  }

  #takeWord(word: string): void {
    const child = this.#current.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (child !== undefined && this.#values.length === 0) this.#commands.push(child);
    else this.#values.push(word);
  }

  #set(option: Option, value: string): void {
    const name = option.attributeName();
    const before = this.#options[name];
    if (!option.variadic) this.#options[name] = value;
    else this.#options[name] = [...(Array.isArray(before) ? before : []), value];
  }

  #find(name: string): Option | undefined {
    return this.#commands
      .flatMap((command) => command.options)
      .find(({ long, short }) => long === name || short === name);
  }
}

const isOption = (word: string): boolean => word.startsWith("-") && word !== "-";
