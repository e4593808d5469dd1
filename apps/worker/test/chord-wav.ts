import { writeFile } from 'node:fs/promises';

const FRAME_BYTES = 8;

/**
 * Writes a WAV as the engine takes it: float32, 44.1 kHz, stereo, with a soft chord in it. Gives its samples.
 * @param level linear, at a share of the song from 0 to 1; at 1 the chord's peak is 0.3
 */
export async function writeWav(
  path: string,
  seconds: number,
  level: (share: number) => number = () => 1,
): Promise<number> {
  const samples = Math.round(seconds * 44_100);
  const sound = Buffer.alloc(samples * FRAME_BYTES);
  for (let index = 0; index < samples; index++) {
    const time = index / 44_100;
    const chord = 0.2 * Math.sin(2 * Math.PI * 220 * time) + 0.1 * Math.sin(2 * Math.PI * 3300 * time);
    const value = level(index / samples) * chord;
    sound.writeFloatLE(value, index * FRAME_BYTES);
    sound.writeFloatLE(value * 0.8, index * FRAME_BYTES + 4);
  }
  await writeFile(path, Buffer.concat([header(sound.length), sound]));
  return samples;
}

function header(bytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(3, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(44_100, 24);
  head.writeUInt32LE(44_100 * FRAME_BYTES, 28);
  head.writeUInt16LE(FRAME_BYTES, 32);
  head.writeUInt16LE(32, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}
