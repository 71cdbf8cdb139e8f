/** The page is written to its own file and over nothing else. */
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkPageFile, PAGE_MARK, writePage } from "../../../src/report/page-file.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scache-page-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const page = (text: string) => `<!doctype html>${PAGE_MARK}${text}`;

describe("the file of the page", () => {
  test("is written, and written anew, and nothing else is left", () => {
    writePage(at("page.html"), page("one"));
    writePage(at("page.html"), page("two"));
    expect(readFileSync(at("page.html"), "utf8")).toBe(page("two"));
    expect(readdirSync(folder)).toEqual(["page.html"]);
  });

  test("an empty file has nothing to lose", () => {
    writeFileSync(at("page.html"), "");
    writePage(at("page.html"), page("one"));
    expect(readFileSync(at("page.html"), "utf8")).toBe(page("one"));
  });

  const refused = (name: string, message: RegExp) => {
    for (const attempt of [() => checkPageFile(at(name)), () => writePage(at(name), page("new"))]) {
      expect(attempt).toThrow(message);
    }
    expect(readdirSync(folder).filter((file) => file.endsWith(".part"))).toEqual([]);
  };

  test("a file of somebody else stays as it is", () => {
    writeFileSync(at("notes.html"), "<!doctype html><title>Does the cache pay?</title>");
    refused("notes.html", /replaces only pages that it wrote, and .*notes\.html is another file/);
    expect(readFileSync(at("notes.html"), "utf8")).toMatch(/^<!doctype html><title>/);
  });

  test("no link is followed: to a file, to a page of ours, to nothing", () => {
    writeFileSync(at("notes.txt"), "mine");
    writePage(at("page.html"), page("one"));
    for (const target of ["notes.txt", "page.html", "nothing"]) {
      symlinkSync(at(target), at(`to-${target}`));
      refused(`to-${target}`, /does not follow links/);
      expect(lstatSync(at(`to-${target}`)).isSymbolicLink()).toBe(true);
    }
    expect([readFileSync(at("notes.txt"), "utf8"), readFileSync(at("page.html"), "utf8")]).toEqual([
      "mine",
      page("one"),
    ]);
    expect(existsSync(at("nothing"))).toBe(false);
  });

  test("another name of an earlier page keeps the earlier page", () => {
    writePage(at("page.html"), page("one"));
    linkSync(at("page.html"), at("kept.html"));
    writePage(at("page.html"), page("two"));
    expect(readFileSync(at("kept.html"), "utf8")).toBe(page("one"));
  });

  test("folders and devices are no files", () => {
    mkdirSync(at("folder"));
    refused("folder", /writes a file, and .*folder is something else/);
    expect(() => checkPageFile("/dev/null")).toThrow(/something else/);
    expect(() => checkPageFile(at("no/page.html"))).toThrow(/there is no folder/);
  });
});
