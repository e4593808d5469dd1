import { call, originalPath, stemPath, withVersion } from '../api/client.js';
import { INSTRUMENTAL, type Separation } from '../api/contract.js';
import { DEFAULT_LANE, originalLevel, type LaneSettings } from '../audio/levels.js';
import { Player } from '../audio/player.js';
import { FlacSource, type FilePart } from '../audio/sources/flac-source.js';
import type { StemSource } from '../audio/sources/stem-source.js';

/** The stems of a completed separation, in the order of the lanes. */
export function stemsOf({ receipt }: Separation): readonly string[] {
  return receipt?.stems.map(({ name }) => name) ?? [];
}

export function createPlayer(song: Separation): Player {
  const stems = stemsOf(song);
  return new Player({
    samples: song.receipt?.input.samples ?? 0,
    originalLevel: originalLevel(song.receipt),
    lanes: initialLanes(stems),
    openStems: (context, signal) => Promise.all(stems.map((stem) => openFlac(masterPath(song, stem), context, signal))),
    openOriginal: (context, signal) =>
      openFlac(withVersion(originalPath(song.id), song.receipt?.original?.sha256), context, signal),
  });
}

function masterPath({ id, receipt }: Separation, stem: string): string {
  const sha256 = receipt?.stems.find(({ name }) => name === stem)?.sha256;
  return withVersion(stemPath(id, stem, 'flac'), sha256);
}

/** Mutes the instrumental next to the stems it is the sum of: they would be heard twice. */
function initialLanes(stems: readonly string[]): LaneSettings[] {
  const hasParts = stems.some((stem) => stem !== INSTRUMENTAL && stem !== 'vocals');
  return stems.map((stem) => ({ ...DEFAULT_LANE, muted: stem === INSTRUMENTAL && hasParts }));
}

/** Masters need no encoding, have exactly the song's samples, and can be read from anywhere. */
function openFlac(path: string, context: BaseAudioContext, signal: AbortSignal): Promise<StemSource> {
  return FlacSource.open(
    (start, end, stop) => readPart(path, start, end, stop),
    (file) => context.decodeAudioData(file),
    signal,
  );
}

async function readPart(path: string, start: number, end: number, signal: AbortSignal): Promise<FilePart> {
  const response = await call(path, { signal, headers: { range: `bytes=${start}-${end - 1}` } });
  const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, total: Number.isNaN(total) ? bytes.length : total };
}
