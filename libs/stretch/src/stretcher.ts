import type { StretchLibrary } from './library.js';

/** Two channels of the same length. */
export type Stereo = readonly [left: Float32Array, right: Float32Array];

export interface StretcherOptions {
  /** samples that are analyzed together: more separate tones better, fewer keep hits sharp */
  readonly blockSamples: number;
  /** samples between two analyses */
  readonly intervalSamples: number;
}

const CHANNELS = 2;
const SAMPLE_BYTES = 4;
const PAGE_BYTES = 65_536;

/** each call does its share of an analysis: without it, one call in many takes ten times as long as the others */
const SPREAD = 1;

/** samples that one call takes or gives, of one channel */
const MAX_SAMPLES = 32_768;

type WasmFunction = (...numbers: number[]) => number;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type Exports = Readonly<Record<string, unknown>>;

// what we use of it: the types of Node leave it out, and those of browsers do not fit here
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, surroundings: object) => { readonly exports: Exports };
};

/** Compiled once: an audio thread must not wait for it again. */
const compiled = new WeakMap<StretchLibrary, object>();

/**
 * Changes the speed of a stereo sound and keeps its pitch. Runs wherever WebAssembly does: in Node, in a worker and in an
 * audio worklet. Both channels get the same treatment, so they stay in phase.
 */
export class Stretcher {
  /** samples of input that must be ahead of the position in the song */
  readonly inputLatency: number;
  /** samples by which the output is late */
  readonly outputLatency: number;
  private readonly memory: Memory;
  private readonly call: (name: string, ...numbers: number[]) => number;
  private readonly buffers: number;

  constructor(library: StretchLibrary, options: StretcherOptions) {
    const exported = instantiate(library);
    this.memory = exported['e'] as Memory;
    this.call = (name, ...numbers) => (exported[library.names[name] ?? name] as WasmFunction)(...numbers);
    // constructors of the C++ code
    this.call('f');
    this.call('main');
    this.call('configure', CHANNELS, options.blockSamples, options.intervalSamples, SPREAD);
    this.call('reset');
    this.inputLatency = this.call('inputLatency');
    this.outputLatency = this.call('outputLatency');
    this.buffers = this.call('setBuffers', CHANNELS, MAX_SAMPLES);
  }

  /** Starts over with what comes before the next input; it uses the last 32,768 samples. */
  seek([left, right]: Stereo, speed: number): void {
    const recent: Stereo = [left.subarray(-MAX_SAMPLES), right.subarray(-MAX_SAMPLES)];
    this.call('reset');
    this.write(recent);
    this.call('seek', recent[0].length, speed);
  }

  /** Fills the output; how much input there is for it sets the speed. At most 32,768 samples each. */
  process(input: Stereo, output: Stereo): void {
    this.write(input);
    this.call('process', input[0].length, output[0].length);
    output.forEach((channel, index) => {
      channel.set(this.view(CHANNELS + index, channel.length));
    });
  }

  private write(input: Stereo): void {
    input.forEach((channel, index) => {
      this.view(index, channel.length).set(channel);
    });
  }

  /** made for each use: the memory moves when it grows */
  private view(buffer: number, samples: number): Float32Array {
    if (samples > MAX_SAMPLES) throw new RangeError(`at most ${MAX_SAMPLES} samples at once, not ${samples}`);
    return new Float32Array(this.memory.buffer, this.buffers + buffer * MAX_SAMPLES * SAMPLE_BYTES, samples);
  }
}

/** What the compiled code needs of its surroundings. */
function instantiate(library: StretchLibrary): Exports {
  const bytes = (): Uint8Array => new Uint8Array((exported['e'] as Memory).buffer);
  const surroundings = {
    // it starts a generator of random phases: equal input gives equal output
    a: (at: number, count: number): number => {
      bytes().fill(1, at, at + count);
      return 0;
    },
    b: (wanted: number): number => {
      const memory = exported['e'] as Memory;
      return Number(memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / PAGE_BYTES)) >= 0);
    },
    c: (to: number, from: number, count: number): void => {
      bytes().copyWithin(to, from, from + count);
    },
    d: (): never => {
      throw new Error('the time stretcher failed');
    },
  };
  // 64 kB take milliseconds to compile, and not every browser hands a compiled module to an audio worklet
  const module = compiled.get(library) ?? new WebAssembly.Module(library.wasm);
  compiled.set(library, module);
  const { exports: exported } = new WebAssembly.Instance(module, { a: surroundings });
  return exported;
}
