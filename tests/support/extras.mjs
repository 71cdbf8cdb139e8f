/**
 * Before any test: whether they run as ES modules, without which some fail for no reason that one could see; and what only
 * some of them load is installed, once. A machine without a registry runs the others.
 */
import { installExtras } from "../../tools/extras.mjs";

export default function prepare() {
  const flags = [process.env.NODE_OPTIONS, ...process.execArgv].join(" ");
  if (!flags.includes("--experimental-vm-modules"))
    throw new Error("call npm run jest -- FILE, which sets NODE_OPTIONS");
  for (const folder of ["tools/lambda", "tests/middy7"]) {
    try {
      installExtras(folder);
    } catch (error) {
      console.error(`${error.message}; the tests that need it will fail`);
    }
  }
}
