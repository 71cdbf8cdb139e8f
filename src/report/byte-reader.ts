/** Bytes that come in pieces, taken in the amounts that a reader needs: what was taken too much is given back. */

const NONE = Buffer.alloc(0);

export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = NONE;
  #ended = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** All that is here, and at least so much; less only at the end, and nothing after it. */
  async take(atLeast: number): Promise<Buffer> {
    const pieces = this.#held.length === 0 ? [] : [this.#held];
    let length = this.#held.length;
    while (length < atLeast && !this.#ended) {
      const { done, value } = await this.#source.next();
      if (done === true) this.#ended = true;
      else {
        pieces.push(value);
        length += value.length;
      }
    }
    this.#held = NONE;
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
  }

  /** Puts bytes back in front of what is still to come. */
  giveBack(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  async peek(atLeast: number): Promise<Buffer> {
    const bytes = await this.take(atLeast);
    this.giveBack(bytes);
    return bytes;
  }
}
