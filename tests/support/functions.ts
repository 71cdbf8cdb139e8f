/**
 * Measures functions in source code, for the rule that one must fit on a screen. Parses with swc, which runs the tests
 * anyway; its positions are bytes, counted on from one parse to the next, hence the arithmetic.
 */
import { parseSync } from "@swc/core";

export interface MeasuredFunction {
  readonly line: number;
  /** Without those of the functions within it. */
  lines: number;
}

const FUNCTIONS = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ClassMethod",
  "PrivateMethod",
  "MethodProperty",
  "Constructor",
  "GetterProperty",
]);

interface Node {
  readonly type: string;
  readonly span?: { readonly start: number; readonly end: number };
}

export function functionsIn(text: string): MeasuredFunction[] {
  // A module's span begins at its first statement, not at its first byte: an empty statement makes them the same.
  const bytes = Buffer.from(`;${text}`);
  const program = parseSync(bytes.toString("utf8"), { syntax: "typescript", target: "es2022" });
  const origin = program.span.start;
  const lineAt = (position: number) => bytes.subarray(0, position - origin).filter((byte) => byte === 10).length + 1;
  const found: MeasuredFunction[] = [];
  /** Returns how many lines the functions in it take that have lines of their own. */
  const walk = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 0;
    const node = value as Node;
    if (!FUNCTIONS.has(node.type) || node.span === undefined) {
      return Object.values(value).reduce<number>((lines, member) => lines + walk(member), 0);
    }
    const line = lineAt(node.span.start);
    const all = lineAt(node.span.end) - line + 1;
    const measured = { line, lines: all };
    found.push(measured);
    for (const member of Object.values(value)) measured.lines -= walk(member);
    return all > 1 ? all : 0;
  };
  walk(program.body);
  return found;
}
