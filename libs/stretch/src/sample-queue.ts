/** Samples of one channel that come and go in pieces of any length. */
export class SampleQueue {
  private readonly pieces: Float32Array[] = [];
  private skipped = 0;
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(samples: Float32Array): void {
    if (samples.length === 0) return;
    this.pieces.push(samples);
    this.count += samples.length;
  }

  /** The next samples; zeros where there are no more. */
  take(wanted: number): Float32Array {
    const taken = new Float32Array(wanted);
    for (let at = 0; at < wanted && this.pieces[0] !== undefined;) {
      const [piece] = this.pieces;
      const part = piece.subarray(this.skipped, this.skipped + wanted - at);
      taken.set(part, at);
      at += part.length;
      this.skipped += part.length;
      this.count -= part.length;
      if (this.skipped < piece.length) continue;
      this.pieces.shift();
      this.skipped = 0;
    }
    return taken;
  }
}
