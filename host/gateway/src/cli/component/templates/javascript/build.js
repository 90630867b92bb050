// Builds translator.js for the world `translator` of the folder `wit` beside it, with no more of WASI than the engine itself needs.

import { componentize } from "@bytecodealliance/componentize-js";
import { writeFile } from "node:fs/promises";

const { component } = await componentize({
  sourcePath: "translator.js",
  witPath: "wit",
  worldName: "translator",
  disableFeatures: ["http", "fetch-event"],
});
await writeFile("translator.wasm", component);
