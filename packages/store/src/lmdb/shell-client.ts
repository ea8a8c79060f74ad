/** The test's side of store-shell.ts. */
import { Child, type ChildProgram, type Ended } from "./child-program.ts";
import type { ShellAnswer, ShellCommand } from "./store-shell.ts";

export class Shell {
  readonly child: Child;
  #asked = 0;

  constructor(program: ChildProgram, command: readonly string[] = []) {
    this.child = new Child(program, command);
  }

  /** Throws when the process ends instead of answering. */
  async ask(command: ShellCommand): Promise<ShellAnswer> {
    const index = this.#asked;
    this.#asked += 1;
    this.child.tell(JSON.stringify(command));
    const line = await this.child.line(index);
    if (line !== undefined) return JSON.parse(line) as ShellAnswer;
    const { code, signal, stderr } = await this.child.ended;
    throw new Error(`the process ended (${signal ?? code}) over ${JSON.stringify(command).slice(0, 200)}: ${stderr}`);
  }

  /** What it answered, which must not be an error. */
  async expect(command: ShellCommand): Promise<unknown> {
    const answer = await this.ask(command);
    if ("ok" in answer) return answer.ok;
    throw new Error(`${command.do}: ${answer.error.message}`);
  }

  kill(): Promise<Ended> {
    this.child.kill();
    return this.child.ended;
  }
}
