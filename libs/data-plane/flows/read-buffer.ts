/** A buffer grows by one step when reads keep filling it, so that few flows pay for the large ones. */
const SIZES = [64 * 1024, 256 * 1024, 512 * 1024] as const;
const KEPT_OF_EACH_SIZE = 64;
const FULL_READS_TO_GROW = 2;

const pools: Buffer[][] = SIZES.map(() => []);

function take(step: number): Buffer {
  return pools[step]?.pop() ?? Buffer.allocUnsafeSlow(SIZES[step] ?? SIZES[0]);
}

function give(step: number, buffer: Buffer): void {
  const pool = pools[step];
  if (pool !== undefined && pool.length < KEPT_OF_EACH_SIZE) pool.push(buffer);
}

/** The one buffer that a socket reads into, again and again; 64 KiB at first, 512 KiB at most. */
export class ReadBuffer {
  #step = 0;
  #fullReads = 0;
  #released = false;
  #bytes: Buffer = take(0);

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Notes how much a read brought, once nobody uses the bytes any more: the buffer may be another afterwards. */
  sized(length: number): void {
    if (length < this.#bytes.length) {
      if (this.#fullReads > 0) this.#fullReads -= 1;
      return;
    }
    this.#fullReads += 1;
    if (this.#fullReads < FULL_READS_TO_GROW || this.#step + 1 >= SIZES.length || this.#released) return;
    give(this.#step, this.#bytes);
    this.#step += 1;
    this.#fullReads = 0;
    this.#bytes = take(this.#step);
  }

  /** Back to the pool: neither a read nor a write may use the bytes from now on. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    give(this.#step, this.#bytes);
  }
}
