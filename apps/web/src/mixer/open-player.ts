import type { Separation } from '@app/separations';
import { FlacSource, type FilePart } from '../audio/flac-source.js';
import { NEUTRAL } from '../audio/levels.js';
import { OriginalSource } from '../audio/original-source.js';
import { Player } from '../audio/player.js';
import { api, call, stemPath } from '../api/client.js';
import type { StemSource } from '../audio/stem-source.js';

/** The stems of a completed separation, in the order of the lanes. */
export function lanesOf({ receipt }: Separation): readonly string[] {
  return receipt?.stems.map(({ name }) => name) ?? [];
}

export function samplesOf({ receipt }: Separation): number {
  return receipt?.input.samples ?? 0;
}

export function createPlayer(song: Separation): Player {
  const stems = lanesOf(song);
  const samples = samplesOf(song);
  const player = new Player({
    samples,
    stems: stems.length,
    openStems: (context, signal) => openStems(song, context, signal),
    openOriginal: (context) =>
      new OriginalSource(samples, async (signal) => {
        const answer = await api.input(song.id, signal);
        return context.decodeAudioData(await answer.arrayBuffer());
      }),
  });
  // the instrumental is the sum of the others: with them it would be heard twice
  const instrumental = stems.indexOf('instrumental');
  if (instrumental !== -1 && stems.some((stem) => stem !== 'instrumental' && stem !== 'vocals')) {
    player.setLane(instrumental, { ...NEUTRAL, muted: true });
  }
  return player;
}

/** The masters: they are there without encoding, exactly as long as the song, and can be read from anywhere. */
export function openStems(
  song: Separation,
  context: BaseAudioContext,
  signal: AbortSignal,
): Promise<readonly StemSource[]> {
  return Promise.all(
    lanesOf(song).map((stem) => {
      const path = stemPath(song.id, stem, 'flac');
      return FlacSource.open(
        (start, end, stop) => readPart(path, start, end, stop),
        (file) => context.decodeAudioData(file),
        signal,
      );
    }),
  );
}

async function readPart(path: string, start: number, end: number, signal: AbortSignal): Promise<FilePart> {
  const answer = await call(path, { signal, headers: { range: `bytes=${start}-${end - 1}` } });
  const total = Number(/\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1]);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { bytes, total: Number.isNaN(total) ? bytes.length : total };
}
