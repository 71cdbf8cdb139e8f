/**
 * What a user writes, as files of a project: a handler that reads through the cache and tells whether it had to load, and a
 * writer elsewhere. Their source is a variable of the process, so that the one who runs them can change it and say nothing.
 */
export const HANDLER = `
import middy from "@middy/core";
import { dataSource, scache } from "scache";

const valueById = dataSource("builds.values");

export const handler = middy()
  .use(scache("builds-stream", { metrics: false, refreshTimeoutMs: 10_000 }))
  .handler(async (event, context) => {
    let loaded = false;
    const value = await context.cache.getOrAdd(valueById(event.id), async () => {
      loaded = true;
      return { value: globalThis.source };
    });
    return { ...value, answer: loaded ? "miss" : "hit" };
  });
`;

export const WRITER = `
import { createPublisher, dataId } from "scache/publisher";

const publisher = createPublisher("builds-stream");
export const change = (id) => publisher.invalidate(dataId("builds.values", id));
`;

/**
 * Loads both from their bundles, as Lambda's runtime loads a handler (`import`, or `require` where that is asked for), and
 * runs them: prints what was answered to each invocation, until the cache has had what it takes.
 */
export const RUNNER = `
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [how, handlerFile, writerFile] = process.argv.slice(2);
const load = (file) =>
  how === "require" ? createRequire(import.meta.url)(resolve(file)) : import(pathToFileURL(resolve(file)).href);
const { handler } = await load(handlerFile);
const { change } = await load(writerFile);
const context = () => ({ awsRequestId: "r", functionName: "f", getRemainingTimeInMillis: () => 30_000 });
const invoke = () => handler({ id: "1" }, context());

globalThis.source = "first";
const answers = [];
const told = async () => {
  const { value, answer } = await invoke();
  answers.push(\`\${answer} \${value}\`);
  return answer;
};
// What was stored before the first reading may be dropped by it once.
for (let tries = 0; tries < 4 && (await told()) !== "hit"; tries++);
globalThis.source = "second";
await told();
await change("1");
await told();
console.log(JSON.stringify(answers));
process.exit();
`;

/** Right are a miss, perhaps another, hits of what was cached whatever the source says, and a miss once it was told. */
export function areRight(answers: readonly string[]): boolean {
  return /^miss first(,miss first)*,hit first,hit first,miss second$/.test(answers.join());
}
