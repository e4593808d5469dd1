const HEADER_BYTES = 44;
const FRAME_BYTES = 4;
const FULL_SCALE = 32_768;

/** Header of a 16-bit stereo WAV file of so many samples. */
export function wavHeader(samples: number, sampleRate: number): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const text = (at: number, letters: string): void => {
    new TextEncoder().encode(letters).forEach((byte, index) => {
      header.setUint8(at + index, byte);
    });
  };
  const bytes = samples * FRAME_BYTES;
  text(0, 'RIFF');
  header.setUint32(4, bytes + HEADER_BYTES - 8, true);
  text(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 2, true);
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, sampleRate * FRAME_BYTES, true);
  header.setUint16(32, FRAME_BYTES, true);
  header.setUint16(34, 16, true);
  text(36, 'data');
  header.setUint32(40, bytes, true);
  return new Uint8Array(header.buffer);
}

/** Rounded to 16 bits, interleaved; what is too loud is cut off, and counted. */
export function toPcm(left: Float32Array, right: Float32Array): { pcm: Int16Array<ArrayBuffer>; clipped: number } {
  const pcm = new Int16Array(left.length * 2);
  let clipped = 0;
  const write = (at: number, sample: number): void => {
    const rounded = Math.round(sample * FULL_SCALE);
    const cut = Math.min(FULL_SCALE - 1, Math.max(-FULL_SCALE, rounded));
    // full scale itself does not fit in 16 bits: one step is no clipping
    if (Math.abs(rounded - cut) > 1) clipped += 1;
    pcm[at] = cut;
  };
  left.forEach((sample, index) => {
    write(2 * index, sample);
    write(2 * index + 1, right[index] ?? 0);
  });
  return { pcm, clipped };
}
