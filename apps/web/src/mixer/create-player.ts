import type { Separation } from '@app/separations';
import { FlacSource, type FilePart } from '../audio/sources/flac-source.js';
import { NEUTRAL, type LaneSettings } from '../audio/levels.js';
import { Player } from '../audio/player.js';
import { call, originalPath, stemPath } from '../api/client.js';
import type { StemSource } from '../audio/sources/stem-source.js';

/** The stems of a completed separation, in the order of the lanes. */
export function lanesOf({ receipt }: Separation): readonly string[] {
  return receipt?.stems.map(({ name }) => name) ?? [];
}

export function samplesOf({ receipt }: Separation): number {
  return receipt?.input.samples ?? 0;
}

export function createPlayer(song: Separation): Player {
  return new Player({
    samples: samplesOf(song),
    lanes: firstSettings(lanesOf(song)),
    openStems: (context, signal) =>
      Promise.all(lanesOf(song).map((stem) => openFlac(stemPath(song.id, stem, 'flac'), context, signal))),
    openOriginal: (context, signal) => openFlac(originalPath(song.id), context, signal),
  });
}

/** the instrumental is the sum of the others: with them it would be heard twice */
function firstSettings(stems: readonly string[]): LaneSettings[] {
  const hasParts = stems.some((stem) => stem !== 'instrumental' && stem !== 'vocals');
  return stems.map((stem) => ({ ...NEUTRAL, muted: stem === 'instrumental' && hasParts }));
}

/** Masters are there without encoding, exactly as long as the song, and can be read from anywhere. */
function openFlac(path: string, context: BaseAudioContext, signal: AbortSignal): Promise<StemSource> {
  return FlacSource.open(
    (start, end, stop) => readPart(path, start, end, stop),
    (file) => context.decodeAudioData(file),
    signal,
  );
}

async function readPart(path: string, start: number, end: number, signal: AbortSignal): Promise<FilePart> {
  const answer = await call(path, { signal, headers: { range: `bytes=${start}-${end - 1}` } });
  const total = Number(/\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1]);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { bytes, total: Number.isNaN(total) ? bytes.length : total };
}
