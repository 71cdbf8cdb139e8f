/** Reads the JSON of a request or an answer. What is not JSON is nobody's to quote: it may hold anything. */

const A_NULL = /:\s*null\b/;

/**
 * A member that is null counts as absent, as with the SDK.
 * @param body text or bytes. @returns undefined unless it is an object
 */
export function parseObject(body: unknown): object | undefined {
  try {
    const text = ArrayBuffer.isView(body) ? textOf(body) : String(body);
    // Looking at each member takes several times as long as all the rest.
    const value: unknown = A_NULL.test(text) ? JSON.parse(text, withoutNull) : JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Without touching anything but the bytes: those of the SDK complain when they are taken for text. */
function textOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

function withoutNull(this: unknown, _name: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}
