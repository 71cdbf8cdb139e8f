/** One call of a client, and what becomes of its answer, or of its error, in the words of a log's port. */
import { LogFailure } from "../core/log.js";
import { isObject } from "../errors.js";

/**
 * @param read makes of an answer what the port calls for
 * @param otherwise makes the same of an error, or throws
 * @throws LogFailure
 */
export async function answerTo<Output extends object, Answer>(
  call: () => Promise<Output>,
  read: (output: Output) => Answer,
  otherwise: (error: unknown) => Answer,
): Promise<Answer> {
  let output: Output | undefined;
  try {
    output = await call();
    if (!isObject(output)) throw new TypeError("the client gave no answer");
    return read(output);
  } catch (error) {
    if (error instanceof LogFailure) throw error;
    // An answer that cannot be read tells by its metadata that it came from a service, not from a double.
    const { $metadata } = (output ?? {}) as { readonly $metadata?: unknown };
    return otherwise($metadata ? { $metadata, name: "SyntaxError" } : error);
  }
}
