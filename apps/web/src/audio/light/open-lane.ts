import { paths } from '@app/client';
import type { FilePart } from '@app/flac';
import { call, withVersion } from '../../api/client.js';
import type { Separation } from '../../api/contract.js';
import { FlacSource, type Decode } from '../sources/flac-source.js';
import type { StemSource } from '../sources/stem-source.js';
import type { LightChoice } from './light-choice.js';
import { LightSource } from './light-source.js';
import { ListeningSource } from './listening-source.js';
import { loadDecoderDelay } from './load-decoder-delay.js';
import { line } from './sound-quality.js';

/** A stem of a completed separation. */
export function openStem(song: Separation, stem: string, choice: LightChoice, context: BaseAudioContext): StemSource {
  const { id, receipt } = song;
  const sha256 = receipt?.stems.find(({ name }) => name === stem)?.sha256;
  const [master, block] = [paths.stem(id, stem, 'flac'), (n: number): string => paths.lightStem(id, stem, n)];
  return openLane(song, { master, block, sha256 }, choice, context);
}

export function openOriginal(song: Separation, choice: LightChoice, context: BaseAudioContext): StemSource {
  const { id, receipt } = song;
  const [master, block] = [paths.original(id), (n: number): string => paths.lightOriginal(id, n)];
  return openLane(song, { master, block, sha256: receipt?.original?.sha256 }, choice, context);
}

interface LanePaths {
  readonly master: string;
  /** of a block in the light format */
  readonly block: (n: number) => string;
  /** of the master */
  readonly sha256: string | undefined;
}

function openLane(
  { receipt }: Separation,
  { master, block, sha256 }: LanePaths,
  choice: LightChoice,
  context: BaseAudioContext,
): StemSource {
  const samples = receipt?.input.samples ?? 0;
  const decode: Decode = (file) => context.decodeAudioData(file);
  return new ListeningSource({
    samples,
    choice,
    // masters need no encoding, have exactly the song's samples, and can be read from anywhere
    openMaster: (signal) =>
      FlacSource.open((...part) => readPart(withVersion(master, sha256), ...part), decode, signal),
    light: new LightSource({
      samples,
      decode,
      readBlock: async (n, signal) => readBytes(await call(withVersion(block(n), sha256), { signal })),
      delay: () => loadDecoderDelay(decode),
    }),
  });
}

async function readPart(path: string, start: number, end: number, signal: AbortSignal): Promise<FilePart> {
  const response = await call(path, { signal, headers: { range: `bytes=${start}-${end - 1}` } });
  const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
  const bytes = await line.read(response);
  return { bytes, total: Number.isNaN(total) ? bytes.length : total };
}

export async function readBytes(response: Response): Promise<ArrayBuffer> {
  return (await line.read(response)).buffer;
}
