// Builds component.js for the world `MY-WORLD` of the folder `wit` beside it, with no more of WASI than the engine itself needs.

import { componentize } from "@bytecodealliance/componentize-js";
import { writeFile } from "node:fs/promises";

const { component } = await componentize({
  sourcePath: "component.js",
  witPath: "wit",
  worldName: "MY-WORLD",
  disableFeatures: ["http", "fetch-event"],
});
await writeFile("my-component.wasm", component);
