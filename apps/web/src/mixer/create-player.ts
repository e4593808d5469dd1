import type { FilePart } from '@app/flac';
import type { SoundKind } from '@app/stretch';
import { call, originalPath, previewPath, stemPath, withVersion } from '../api/client.js';
import { INSTRUMENTAL, PREVIEW_GAIN_DB, type Separation } from '../api/contract.js';
import { DEFAULT_LANE, originalLevel, type LaneSettings } from '../audio/levels.js';
import { loadStretchLibrary } from '../audio/load-stretch-library.js';
import { Player, type PlayerOptions } from '../audio/player.js';
import { FlacSource } from '../audio/sources/flac-source.js';
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
export function audioOf(song: Separation, preview: PreviewBlocks | undefined): SongAudio {
  if (preview !== undefined && song.receipt === undefined) return growingAudio(song, preview);
  return {
    samples: song.receipt?.input.samples ?? 0,
    stemLevel: () => 1,
    originalLevel: () => originalLevel(song.receipt),
    openStems: (context, signal) =>
      Promise.all(stemsOf(song).map((stem) => openFlac(masterPath(song, stem), context, signal))),
    openOriginal: (context, signal) => openOriginal(song, context, signal),
  };
}

/** At the level that the stems have before they share a gain: it is known only when all of them are complete. */
function growingAudio(song: Separation, preview: PreviewBlocks): SongAudio {
  const samples = preview.samples.value;
  const stemLevel = (): number => (preview.completed === undefined ? 1 : ungained(preview.completed));
  const resegment = (source: StemSource, gain: number): StemSource => new ResegmentedSource(source, SAMPLE_RATE, gain);
  const openStem = (stem: string, context: BaseAudioContext): StemSource =>
    new GrowingStem({
      samples,
      blocks: preview,
      readBlock: async (attempt, n, signal) => {
        const block = await readAll(previewPath(song.id, attempt, stem, n), context, signal);
        return scale(block, amplitude(-PREVIEW_GAIN_DB));
      },
      openMaster: async (signal) => {
        const completed = requireCompleted(preview);
        return resegment(await openFlac(masterPath(completed, stem), context, signal), ungained(completed));
      },
    });
  return {
    samples,
    stemLevel,
    originalLevel: () => (preview.completed === undefined ? 1 : originalLevel(preview.completed.receipt) * stemLevel()),
    openStems: (context) => Promise.resolve(stemsOf(song).map((stem) => openStem(stem, context))),
    openOriginal: async (context, signal) =>
      resegment(await openOriginal(requireCompleted(preview), context, signal), 1),
  };
}

function requireCompleted({ completed }: PreviewBlocks): Separation {
  if (completed === undefined) throw new NotReadyError('the song is still being separated');
  return completed;
}

/** Undoes the gain of the stems, linear. */
function ungained({ receipt }: Separation): number {
  return amplitude(-(receipt?.gainDb ?? 0));
}

function amplitude(db: number): number {
  return 10 ** (db / 20);
}

function masterPath({ id, receipt }: Separation, stem: string): string {
  const sha256 = receipt?.stems.find(({ name }) => name === stem)?.sha256;
  return withVersion(stemPath(id, stem, 'flac'), sha256);
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

function openOriginal(
  { id, receipt }: Separation,
  context: BaseAudioContext,
  signal: AbortSignal,
): Promise<StemSource> {
  return openFlac(withVersion(originalPath(id), receipt?.original?.sha256), context, signal);
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

async function readAll(path: string, context: BaseAudioContext, signal: AbortSignal): Promise<Segment> {
  const response = await call(path, { signal });
  const audio = await context.decodeAudioData(await response.arrayBuffer());
  return { left: audio.getChannelData(0), right: audio.getChannelData(1) };
}
