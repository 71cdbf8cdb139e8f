/**
 * Where builds are made and run: projects with the tools they need, and places with an SDK of another version, as Lambda
 * has one. What cannot be installed is left out, never counted as right.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import type { Build } from "./builds.js";
import { type Built, run, TOOLS } from "./bundlers.js";
import { installDependencies } from "./dependencies.js";
import { areRight, RUNNER } from "./entries.js";
import { install, readJson } from "./package.js";
import { startStubKinesis } from "./stub-kinesis.js";

export interface Site {
  /** Everything is in here. */
  readonly work: string;
  /** A project with the package and Middy, of the versions of our lock file. */
  readonly base: string;
  /** Nothing further is installed. */
  readonly quick: boolean;
  leaveOut(what: string, why: string): void;
}

export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

export interface Result {
  readonly name: string;
  /** The version of the SDK that was there at run time, where it is not in the bundle. */
  readonly sdk: string | undefined;
  /** Of the handler's bundle; undefined where there is none. */
  readonly bytes: number | undefined;
  readonly limitBytes: number | undefined;
  readonly loads: boolean;
  /** What each invocation was answered. */
  readonly answers: readonly string[] | undefined;
  /** What is wrong with it; undefined if nothing is. */
  readonly problem: string | undefined;
}

/** A folder whose modules are those of Lambda's runtime: an SDK, and nothing that can be imported beside it. */
interface Runtime {
  readonly folder: string;
  readonly sdk: string;
}

const SDK = "@aws-sdk/client-kinesis";
/** The lowest that package.json allows, and whatever is the newest today. */
const OTHER_SDKS = { oldest: "3.632.0", newest: "latest" };

export async function* runAll(site: Site, builds: readonly Build[]): AsyncGenerator<Result> {
  const projects = new Map<string, string | undefined>();
  const runtimes = builds.some(({ outside }) => outside) ? runtimesOf(site) : [];
  for (const [index, build] of builds.entries()) {
    const key = `${build.how}-${build.dependencies}`;
    if (!projects.has(key)) projects.set(key, projectFor(site, build));
    const project = projects.get(key);
    if (project === undefined) continue;
    const out = join(site.work, `out-${index}`);
    let built: Built;
    try {
      built = await run(build, project, out);
    } catch (error) {
      yield { ...outcomeOf(build, undefined), problem: `does not build: ${firstLines(error)}` };
      continue;
    }
    if (!build.outside) yield await answersOf(build, built, undefined);
    for (const runtime of build.outside ? runtimes : []) {
      const task = join(runtime.folder, `task-${index}`);
      cpSync(out, task, { recursive: true });
      const moved = (file: string) => join(task, relative(out, file));
      yield await answersOf(build, { handler: moved(built.handler), writer: moved(built.writer) }, runtime);
    }
  }
}

/** The base, or a copy of it with what the build needs. */
function projectFor({ work, base, quick, leaveOut }: Site, { how, dependencies }: Build): string | undefined {
  const packages = TOOLS[how];
  if (packages.length === 0 && dependencies === undefined) return base;
  const what = dependencies === undefined ? how : `the ${dependencies} dependencies, with ${how}`;
  if (quick) {
    leaveOut(what, "--quick");
    return undefined;
  }
  const project = join(work, `${how}-${dependencies ?? "locked"}`);
  const made = attempt(() => {
    if (dependencies !== undefined) installDependencies(base, project, dependencies);
    else cpSync(base, project, { recursive: true, verbatimSymlinks: true });
    if (packages.length > 0) install(project, packages);
  });
  if (made) return project;
  leaveOut(what, "npm could not install it");
  return undefined;
}

function runtimesOf({ work, base, quick, leaveOut }: Site): Runtime[] {
  const locked = join(work, "runtime-locked");
  mkdirSync(locked);
  cpSync(join(base, "node_modules"), join(locked, "node_modules"), { recursive: true, verbatimSymlinks: true });
  // What is ours, and Powertools, come in bundles.
  for (const name of ["scache", "@middy", "@aws-lambda-powertools", ".bin"]) {
    rmSync(join(locked, "node_modules", name), { recursive: true, force: true });
  }
  const folders = [locked];
  for (const [which, version] of Object.entries(OTHER_SDKS)) {
    const folder = join(work, `runtime-${which}`);
    if (quick) leaveOut(`the ${which} SDK`, "--quick");
    else if (attempt(() => install(folder, [`${SDK}@${version}`]))) folders.push(folder);
    else leaveOut(`the ${which} SDK`, "npm could not install it");
  }
  const runtimes = folders.map((folder) => ({ folder, sdk: versionIn(folder) }));
  for (const { folder } of runtimes) hideAllButSdk(folder);
  // The newest may be the one in our lock file.
  return runtimes.filter(({ sdk }, index) => runtimes.findIndex((other) => other.sdk === sdk) === index);
}

function versionIn(folder: string): string {
  return readJson<{ version: string }>(join(folder, "node_modules", SDK, "package.json")).version;
}

/** Whether Lambda's runtime lets a function import `@smithy/...` is not promised: here it cannot, and the SDK can. */
function hideAllButSdk(folder: string): void {
  const modules = join(folder, "node_modules");
  const hidden = join(modules, "@aws-sdk/node_modules");
  mkdirSync(hidden, { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== "@aws-sdk" && !name.startsWith(".")) renameSync(join(modules, name), join(hidden, name));
  }
}

function outcomeOf({ name, limitBytes }: Build, runtime: Runtime | undefined) {
  return { name, sdk: runtime?.sdk, bytes: undefined, limitBytes, loads: false, answers: undefined };
}

/** Runs it in a process of its own, as a function is run: where the bundle is, and with nothing but the environment's variables. */
async function answersOf(build: Build, { handler, writer }: Built, runtime: Runtime | undefined): Promise<Result> {
  const bytes = build.how === "none" ? undefined : statSync(handler).size;
  const outcome = { ...outcomeOf(build, runtime), bytes };
  const folder = dirname(handler);
  const runner = join(folder, "runner.mjs");
  writeFileSync(runner, RUNNER);
  const kinesis = await startStubKinesis();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [runner, build.load, handler, writer], {
      cwd: folder,
      timeout: 60_000,
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "id",
        AWS_SECRET_ACCESS_KEY: "secret",
      },
    });
    const answers = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as string[];
    const tooLarge = bytes !== undefined && bytes > (build.limitBytes ?? Number.POSITIVE_INFINITY);
    const problem = areRight(answers)
      ? tooLarge
        ? `larger than ${build.limitBytes} bytes`
        : undefined
      : `answers ${answers.join(", ")}`;
    return { ...outcome, loads: true, answers, problem };
  } catch (error) {
    return { ...outcome, problem: firstLines(error) };
  } finally {
    await kinesis.stop();
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function firstLines(error: unknown): string {
  const { stderr = "", message = String(error) } = error as { stderr?: string; message?: string };
  const told = stderr.split("\n").find((text) => /Error|Cannot|not supported/.test(text));
  return (told ?? message.split("\n").slice(0, 3).join(" ")).trim();
}
