// Property tests draw the same histories in every run, so that a red run stands for a change of the code. PROPERTY_SEED=<number> draws
// others, PROPERTY_SEED=random other ones each time; a failure prints the seed.
import fc from "fast-check";

const named = process.env.PROPERTY_SEED ?? "1";
if (named !== "random") {
  const seed = Number(named);
  if (!Number.isInteger(seed)) throw new Error(`PROPERTY_SEED is neither a whole number nor "random": ${named}`);
  fc.configureGlobal({ seed });
}
