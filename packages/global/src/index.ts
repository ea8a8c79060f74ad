export { composeGlobal, createGlobal, runGlobal } from "./global.ts";
