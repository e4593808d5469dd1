import { open, type FileHandle } from 'node:fs/promises';
import { FLOAT_HEADER_BYTES, floatWavHeader } from './float-wav-header.js';
import { insertSilence, type SilentStretch } from './insert-silence.js';
import { floatsOf } from './wav-scanner.js';
import { WORKING_CHANNELS, WORKING_FRAME_BYTES } from './working-format.js';

/** Where a decoder writes samples in the working format, without a header. */
export interface SampleSink {
  readonly output: { readonly stdout: number } | { readonly onStdout: (chunk: Buffer) => void };
  /** written so far, per channel */
  samples(): Promise<number>;
  /** Forgets what was written after so many samples. */
  cutTo(samples: number): Promise<void>;
}

/** Counts samples, keeps none, and notices any that is not finite. */
export class SampleCounter implements SampleSink {
  private pending: Buffer = Buffer.alloc(0);
  private floats = 0;
  // 0 until the first NaN or infinity, then NaN for good
  private sumOfDifferences = 0;

  readonly output = {
    onStdout: (chunk: Buffer): void => {
      const bytes = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
      const count = Math.floor(bytes.length / Float32Array.BYTES_PER_ELEMENT);
      this.pending = Buffer.from(bytes.subarray(count * Float32Array.BYTES_PER_ELEMENT));
      const samples = floatsOf(bytes, count);
      let sum = 0;
      // by index: five times faster than an iterator; rest-server runs this
      for (let at = 0; at < count; at += 1) {
        const sample = samples[at] ?? 0;
        sum += sample - sample;
      }
      this.sumOfDifferences += sum;
      this.floats += count;
    },
  };

  get isFinite(): boolean {
    return this.sumOfDifferences === 0;
  }

  samples(): Promise<number> {
    return Promise.resolve(Math.floor(this.floats / WORKING_CHANNELS));
  }

  cutTo(samples: number): Promise<void> {
    this.floats = samples * WORKING_CHANNELS;
    this.pending = Buffer.alloc(0);
    if (samples === 0) this.sumOfDifferences = 0;
    return Promise.resolve();
  }
}

/** Writes a WAV in the working format; the decoder appends to the file itself. */
export class WavFileSink implements SampleSink {
  readonly output: { readonly stdout: number };

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {
    this.output = { stdout: file.fd };
  }

  static async create(path: string): Promise<WavFileSink> {
    const file = await open(path, 'w');
    try {
      await file.writeFile(Buffer.alloc(FLOAT_HEADER_BYTES));
    } finally {
      await file.close();
    }
    return new WavFileSink(path, await open(path, 'a'));
  }

  async samples(): Promise<number> {
    const { size } = await this.file.stat();
    return Math.floor((size - FLOAT_HEADER_BYTES) / WORKING_FRAME_BYTES);
  }

  cutTo(samples: number): Promise<void> {
    return this.file.truncate(FLOAT_HEADER_BYTES + samples * WORKING_FRAME_BYTES);
  }

  /** Puts in the silence, then writes the header. @returns samples per channel */
  async finish(silence: readonly SilentStretch[]): Promise<number> {
    const decoded = await this.samples();
    await this.cutTo(decoded);
    const file = await open(this.path, 'r+');
    try {
      const samples = await insertSilence(file, FLOAT_HEADER_BYTES, decoded, silence);
      await file.write(floatWavHeader(samples), 0, FLOAT_HEADER_BYTES, 0);
      return samples;
    } finally {
      await file.close();
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
