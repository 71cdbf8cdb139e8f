/**
 * Measures functions in source code, for the rule that one must fit on a screen. Parses with swc, which runs the tests
 * anyway; its positions are bytes, counted on from one parse to the next, hence the arithmetic.
 */
import { parseSync } from "@swc/core";

export interface MeasuredFunction {
  readonly line: number;
  readonly lines: number;
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
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const node = value as Node;
    if (FUNCTIONS.has(node.type) && node.span !== undefined) {
      const line = lineAt(node.span.start);
      found.push({ line, lines: lineAt(node.span.end) - line + 1 });
    }
    for (const member of Object.values(value)) walk(member);
  };
  walk(program.body);
  return found;
}
