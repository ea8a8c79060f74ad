/** What runs for long, in a file of its own beside the command: see `commands/programs.ts`. */
export { runGlobal } from "@isthmus/global";
export { runZone } from "@isthmus/zone";
export { runDemo } from "./demo/demo.ts";
