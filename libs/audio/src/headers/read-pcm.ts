import { UnsupportedAudioError } from '../errors/audio.error.js';
import type { ByteReader } from '../sources/byte-reader.js';
import { sliceSource } from '../sources/spliced-source.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import type { PcmStream } from './pcm-stream.js';
import { readAiff } from './read-aiff.js';
import { readRiff } from './read-riff.js';
import { readW64 } from './read-w64.js';

/** what stands at the start of a DTS or S/PDIF stream that is stored as if it were samples */
const CODED_MARKS = ['7ffe8001', 'fe7f0180', '1fffe800', 'ff1f00e8', '72f81f4e'].map((hex) => Buffer.from(hex, 'hex'));
const MARKS_WITHIN = 16 * 1024;

/**
 * Reads the header of a WAV, W64 or AIFF. Undefined for any other file, and for what ffmpeg must decode.
 * @throws UnsupportedAudioError
 */
export async function readPcm(reader: ByteReader): Promise<PcmStream | undefined> {
  const pcm = (await readRiff(reader)) ?? (await readW64(reader)) ?? (await readAiff(reader));
  if (pcm === undefined) return undefined;
  const start = await reader.read(pcm.dataOffset, MARKS_WITHIN);
  return CODED_MARKS.some((mark) => start.includes(mark)) ? undefined : pcm;
}

/**
 * The samples alone.
 * @throws UnsupportedAudioError if they are not what a plain header of a wide sample says
 */
export async function samplesOf(source: SeekableSource, pcm: PcmStream): Promise<SeekableSource> {
  const frameBytes = pcm.channels * pcm.sampleBytes;
  const available = Math.max(source.bytes - pcm.dataOffset, 0);
  const frames = Math.floor(Math.min(pcm.dataBytes ?? available, available) / frameBytes);
  const samples = sliceSource(source, pcm.dataOffset, pcm.dataOffset + frames * frameBytes);
  if (pcm.zeroBytes > 0) await checkLowBytes(samples, pcm);
  return samples;
}

async function checkLowBytes(
  samples: SeekableSource,
  { sampleBytes, zeroBytes, sampleFormat }: PcmStream,
): Promise<void> {
  if (samples.bytes === 0) return;
  const [from, to] = sampleFormat.endsWith('be') ? [sampleBytes - zeroBytes, sampleBytes] : [0, zeroBytes];
  let at = 0;
  for await (const chunk of await samples.read({ start: 0, end: samples.bytes - 1 })) {
    for (const byte of chunk as Buffer) {
      if (byte !== 0 && at >= from && at < to) {
        const bits = `${(sampleBytes - zeroBytes) * 8} bits in ${sampleBytes} bytes`;
        throw new UnsupportedAudioError(`The WAV header says samples of ${bits}, but the samples are something else.`);
      }
      at = at + 1 === sampleBytes ? 0 : at + 1;
    }
  }
}
