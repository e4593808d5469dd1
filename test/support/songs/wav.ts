export interface WavOptions {
  readonly seconds?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** Hz; another one is another song */
  readonly frequency?: number;
  readonly format?: 'int16' | 'float32';
  /** value of every sample, instead of the sine */
  readonly constant?: number;
}

/** A WAV file of a sine. */
export function wav({
  seconds = 1,
  sampleRate = 44_100,
  channels = 2,
  frequency = 440,
  format = 'int16',
  constant,
}: WavOptions = {}): Buffer {
  const frames = Math.round(seconds * sampleRate);
  const width = format === 'int16' ? 2 : 4;
  const data = Buffer.alloc(frames * channels * width);
  for (let at = 0; at < frames * channels; at++) {
    const frame = Math.floor(at / channels);
    const value = constant ?? 0.3 * Math.sin((2 * Math.PI * frequency * frame) / sampleRate);
    if (format === 'int16') data.writeInt16LE(Math.round(value * 32_767), at * width);
    else data.writeFloatLE(value, at * width);
  }
  return Buffer.concat([wavHeader(format, channels, sampleRate, data.length), data]);
}

/** A float32 WAV of interleaved samples. @param dataBytes length in the header */
export function floatWav(samples: Float32Array, channels = 2, rate = 44_100, dataBytes = samples.byteLength): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([wavHeader('float32', channels, rate, dataBytes), data]);
}

function wavHeader(format: 'int16' | 'float32', channels: number, sampleRate: number, dataBytes: number): Buffer {
  const width = format === 'int16' ? 2 : 4;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(Math.min(36 + dataBytes, 0xffff_ffff), 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format === 'int16' ? 1 : 3, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * width, 28);
  header.writeUInt16LE(channels * width, 32);
  header.writeUInt16LE(width * 8, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
