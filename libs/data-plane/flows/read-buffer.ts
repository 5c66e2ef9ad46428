/** A buffer grows by one step while reads fill it, and shrinks when they no longer do. */
const SIZES = [64 * 1024, 256 * 1024, 512 * 1024] as const;
const FULL_READS_TO_GROW = 2;
const SMALL_READS_TO_SHRINK = 32;
/** A silent connection keeps its buffer, so only this many of each larger size are in use at once: 96 MiB in total. */
const MOST_LARGE_BUFFERS = 128;
const KEPT_OF_EACH_SIZE = 64;

const kept: Buffer[][] = SIZES.map(() => []);
const inUse: number[] = SIZES.map(() => 0);

function take(step: number): Buffer {
  inUse[step] = (inUse[step] ?? 0) + 1;
  return kept[step]?.pop() ?? Buffer.allocUnsafeSlow(sizeOf(step));
}

function give(step: number, buffer: Buffer): void {
  inUse[step] = (inUse[step] ?? 0) - 1;
  const pool = kept[step];
  if (pool !== undefined && pool.length < KEPT_OF_EACH_SIZE) pool.push(buffer);
}

function sizeOf(step: number): number {
  return SIZES[step] ?? SIZES[0];
}

/** The buffer that a socket reads into again and again: 64 KiB at first, 512 KiB at most. */
export class ReadBuffer {
  private step = 0;
  private fullReads = 0;
  private smallReads = 0;
  private released = false;
  private current: Buffer = take(0);

  get bytes(): Buffer {
    return this.current;
  }

  /**
   * Adapts the size to how much a read brought, once nobody uses the bytes any more; the buffer may be another
   * afterwards.
   */
  sized(length: number): void {
    if (length === this.current.length) {
      this.smallReads = 0;
      this.fullReads += 1;
      if (this.fullReads >= FULL_READS_TO_GROW) this.grow();
      return;
    }
    if (this.fullReads > 0) this.fullReads -= 1;
    if (this.step === 0 || length > sizeOf(this.step - 1)) return;
    this.smallReads += 1;
    if (this.smallReads >= SMALL_READS_TO_SHRINK) this.exchange(this.step - 1);
  }

  /** Returns the buffer to the pool; no read or write may use its bytes after that. */
  release(): void {
    if (this.released) return;
    this.released = true;
    give(this.step, this.current);
  }

  private grow(): void {
    const next = this.step + 1;
    if (next < SIZES.length && (inUse[next] ?? 0) < MOST_LARGE_BUFFERS) this.exchange(next);
  }

  private exchange(step: number): void {
    if (this.released) return;
    give(this.step, this.current);
    this.step = step;
    this.fullReads = 0;
    this.smallReads = 0;
    this.current = take(step);
  }
}
