/** The global, in a file of its own beside the command: see `commands/programs.ts`. */
export { runGlobal } from "@isthmus/global";
