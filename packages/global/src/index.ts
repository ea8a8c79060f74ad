export { createGlobal, runGlobal } from "./global.ts";
