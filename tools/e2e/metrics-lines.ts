/**
 * The metrics lines that environments print, by the invocation they account for. It exists because a line may be printed
 * during another invocation than its own; it only keeps them, and judges nothing.
 */

export interface MetricsLine {
  readonly requestId: string;
  readonly CacheHits: number;
  readonly CacheMisses: number;
  /** Waited for another invocation's load of the same user, which the example also calls a hit. */
  readonly loadsShared: number;
  readonly state: string;
}

export class MetricsLines {
  readonly #lines = new Map<string, MetricsLine[]>();

  /** To be given every line of output. */
  readonly take = (text: string): void => {
    const line = parse(text);
    if (line === undefined) return;
    const known = this.#lines.get(line.requestId);
    if (known === undefined) this.#lines.set(line.requestId, [line]);
    else known.push(line);
  };

  of(requestId: string): readonly MetricsLine[] {
    return this.#lines.get(requestId) ?? [];
  }
}

function parse(text: string): MetricsLine | undefined {
  if (!text.startsWith("{") || !text.includes('"_aws"')) return undefined;
  return JSON.parse(text) as MetricsLine;
}
