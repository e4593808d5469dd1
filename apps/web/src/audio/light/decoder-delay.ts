import type { Decode } from '../sources/flac-source.js';

/** sample of the probe where its only sound has its peak */
export const PROBE_PEAK = 4096;

/** below the peak, and above any noise */
const AUDIBLE = 0.3;

export class NoMp3Error extends Error {}

/**
 * Measures how many samples late the browser gives back an MP3 without an information frame. Decoders agree on 1,105, but
 * some browsers cut off a part of it.
 * @param probe made by: `ffmpeg -f lavfi -i "aevalsrc='0.9*exp(-pow((n-4096)/8,2))*cos(2*PI*(n-4096)*2000/44100)':s=44100"
 *   -af atrim=end_sample=8192 -c:a libmp3lame -b:a 32k -reservoir 0 -write_xing 0 -id3v2_version 0 -bitexact probe.mp3`
 * @throws NoMp3Error if the browser decodes no MP3, or another sound
 */
export async function measureDecoderDelay(probe: ArrayBuffer, decode: Decode): Promise<number> {
  const audio = await decode(probe).catch((cause: unknown) => {
    throw new NoMp3Error('the browser decodes no MP3', { cause });
  });
  let [peak, at] = [0, 0];
  audio.getChannelData(0).forEach((sample, index) => {
    if (Math.abs(sample) <= peak) return;
    [peak, at] = [Math.abs(sample), index];
  });
  if (peak < AUDIBLE) throw new NoMp3Error(`the peak of the probe is ${peak}`);
  return at - PROBE_PEAK;
}
