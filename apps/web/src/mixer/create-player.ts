import { paths } from '@app/client';
import type { SoundKind } from '@app/stretch';
import { call } from '../api/client.js';
import { INSTRUMENTAL, PREVIEW_GAIN_DB, type Separation } from '../api/contract.js';
import { DEFAULT_LANE, originalLevel, type LaneSettings } from '../audio/levels.js';
import type { LightChoice } from '../audio/light/light-choice.js';
import { openOriginal, openStem, readBytes } from '../audio/light/open-lane.js';
import { loadStretchLibrary } from '../audio/load-stretch-library.js';
import { Player, type PlayerOptions } from '../audio/player.js';
import { ResegmentedSource, scale } from '../audio/sources/resegmented-source.js';
import { NotReadyError, SAMPLE_RATE, type Segment, type StemSource } from '../audio/sources/stem-source.js';
import { GrowingStem } from './preview/growing-stem.js';
import type { PreviewBlocks } from './preview/preview-blocks.js';

/** The stems of a separation, in the order of the lanes. */
export function stemsOf({ receipt, stems }: Separation): readonly string[] {
  return receipt?.stems.map(({ name }) => name) ?? stems;
}

/** The audio of a song, as its mixer plays it. */
export interface SongAudio extends Pick<PlayerOptions, 'samples' | 'originalLevel' | 'openStems' | 'openOriginal'> {
  /** from the level of the stored stems to that of these, linear; read it once they are complete */
  readonly stemLevel: () => number;
}

export function createPlayer(song: Separation, audio: SongAudio, onSegment: PlayerOptions['onSegment']): Player {
  const stems = stemsOf(song);
  return new Player({ ...audio, loadStretchLibrary, kinds: kindsOf(stems), lanes: initialLanes(stems), onSegment });
}

/** @param preview used if the song is still being separated */
export function audioOf(song: Separation, preview: PreviewBlocks | undefined, choice: LightChoice): SongAudio {
  if (preview !== undefined && song.receipt === undefined) return growingAudio(song, preview, choice);
  return {
    samples: song.receipt?.input.samples ?? 0,
    stemLevel: () => 1,
    originalLevel: () => originalLevel(song.receipt),
    openStems: (context) => Promise.resolve(stemsOf(song).map((stem) => openStem(song, stem, choice, context))),
    openOriginal: (context) => Promise.resolve(openOriginal(song, choice, context)),
  };
}

/** At the level that the stems have before they share a gain: it is known only when all of them are complete. */
function growingAudio(song: Separation, preview: PreviewBlocks, choice: LightChoice): SongAudio {
  const samples = preview.samples.value;
  const stemLevel = (): number => (preview.completed === undefined ? 1 : ungained(preview.completed));
  const resegment = (source: StemSource, gain: number): StemSource => new ResegmentedSource(source, SAMPLE_RATE, gain);
  const openGrowing = (stem: string, context: BaseAudioContext): StemSource =>
    new GrowingStem({
      samples,
      blocks: preview,
      readBlock: async (attempt, n, signal) => {
        const block = await readAll(paths.preview(song.id, attempt, stem, n), context, signal);
        return scale(block, amplitude(-PREVIEW_GAIN_DB));
      },
      openMaster: async () => {
        const completed = await whenCompleted(preview);
        return resegment(openStem(completed, stem, choice, context), ungained(completed));
      },
    });
  return {
    samples,
    stemLevel,
    originalLevel: () => (preview.completed === undefined ? 1 : originalLevel(preview.completed.receipt) * stemLevel()),
    openStems: (context) => Promise.resolve(stemsOf(song).map((stem) => openGrowing(stem, context))),
    openOriginal: async (context) => resegment(openOriginal(await whenCompleted(preview), choice, context), 1),
  };
}

function whenCompleted({ completed }: PreviewBlocks): Promise<Separation> {
  const early = new NotReadyError('the song is still being separated');
  return completed === undefined ? Promise.reject(early) : Promise.resolve(completed);
}

/** Undoes the gain of the stems, linear. */
function ungained({ receipt }: Separation): number {
  return amplitude(-(receipt?.gainDb ?? 0));
}

function amplitude(db: number): number {
  return 10 ** (db / 20);
}

/** Bytes per second of the master of each lane, the original last. */
export function masterRates({ receipt }: Separation): number[] {
  if (receipt === undefined) return [];
  const { stems, original, input } = receipt;
  return [...stems, original].map((file) => (file?.bytes ?? 0) / (input.samples / SAMPLE_RATE));
}

/** As the server changes them in a mix: drums are cut at their hits and never transposed. */
function kindsOf(stems: readonly string[]): SoundKind[] {
  return stems.map((stem) => (stem === 'drums' ? 'hits' : 'tones'));
}

/** Mutes the instrumental next to the stems it is the sum of: they would be heard twice. */
function initialLanes(stems: readonly string[]): LaneSettings[] {
  const hasParts = stems.some((stem) => stem !== INSTRUMENTAL && stem !== 'vocals');
  return stems.map((stem) => ({ ...DEFAULT_LANE, muted: stem === INSTRUMENTAL && hasParts }));
}

async function readAll(path: string, context: BaseAudioContext, signal: AbortSignal): Promise<Segment> {
  const audio = await context.decodeAudioData(await readBytes(await call(path, { signal })));
  return { left: audio.getChannelData(0), right: audio.getChannelData(1) };
}
