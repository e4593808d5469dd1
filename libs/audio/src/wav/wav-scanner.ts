import { parseWavHeader, type WavHeader } from './wav-header.js';

/** longer than any header that ffmpeg writes */
const MAX_HEADER_BYTES = 64 * 1024;
const FLOAT_BYTES = 4;

/** Scans a streamed float32 WAV for its header, its length, and samples that are not finite. */
export class WavScanner {
  private pending: Buffer = Buffer.alloc(0);
  private floats = 0;
  // 0 until the first NaN or infinity, then NaN for good
  private sumOfDifferences = 0;
  private found: WavHeader | undefined;

  get header(): WavHeader | undefined {
    return this.found;
  }

  /** per channel */
  get samples(): number {
    return this.found === undefined ? 0 : Math.floor(this.floats / this.found.channels);
  }

  get isFinite(): boolean {
    return this.sumOfDifferences === 0;
  }

  append(chunk: Buffer): void {
    const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    if (this.found === undefined) this.readHeader(bytes);
    else this.readSamples(bytes);
  }

  private readHeader(bytes: Buffer): void {
    this.found = parseWavHeader(bytes);
    if (this.found !== undefined) this.readSamples(bytes.subarray(this.found.dataOffset));
    else if (bytes.length > MAX_HEADER_BYTES)
      throw new TypeError(`the WAV header is longer than ${MAX_HEADER_BYTES} bytes`);
    else this.pending = bytes;
  }

  private readSamples(bytes: Buffer): void {
    const count = Math.floor(bytes.length / FLOAT_BYTES);
    this.pending = Buffer.from(bytes.subarray(count * FLOAT_BYTES));
    const samples = floatsOf(bytes, count);
    let sum = 0;
    // by index: five times faster than an iterator; rest-server runs this
    for (let at = 0; at < count; at += 1) {
      const sample = samples[at] ?? 0;
      sum += sample - sample;
    }
    this.sumOfDifferences += sum;
    this.floats += count;
  }
}

/** The first `count` floats of the buffer; copies only if they are not aligned to 4 bytes. */
export function floatsOf(bytes: Buffer, count: number): Float32Array {
  const isAligned = bytes.byteOffset % FLOAT_BYTES === 0;
  const aligned = isAligned ? bytes : new Uint8Array(bytes.subarray(0, count * FLOAT_BYTES));
  return new Float32Array(aligned.buffer, aligned.byteOffset, count);
}
