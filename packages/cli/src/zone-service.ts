/** A zone, in a file of its own beside the command: see `commands/programs.ts`. */
export { runZone } from "@isthmus/zone";
