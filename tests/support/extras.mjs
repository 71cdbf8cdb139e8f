/** Before any test: what only some of them load is installed, once. A machine without a registry runs the others. */
import { installExtras } from "../../tools/extras.mjs";

export default function install() {
  for (const folder of ["tools/lambda", "tests/middy7"]) {
    try {
      installExtras(folder);
    } catch (error) {
      console.error(`${error.message}; the tests that need it will fail`);
    }
  }
}
