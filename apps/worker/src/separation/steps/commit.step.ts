import { WORKING_RATE } from '@app/audio';
import {
  MASTER_FORMAT,
  licenceOf,
  type Manifest,
  type ManifestOriginal,
  type ManifestStem,
  type StageSeconds,
  type StoredRequest,
} from '@app/separations';
import type { SeparationStore } from '@app/separation-store';
import type { SeparatedMix } from '../../engine/engine.client.js';
import type { EngineStem } from '../../engine/protocol.js';
import { amplitudeToDb } from './decibels.js';
import { WrongStemsError } from './separation.errors.js';
import { findWarnings } from './warnings.js';
import type { DecodedMix } from './decode.step.js';
import type { StepContext } from './step-context.js';
import type { StoredFile, StoredOriginal, StoredStem } from './store.step.js';
import type { WaveformDocument } from './waveform.step.js';

/** The results of the steps before. */
interface FinishedWork {
  readonly request: StoredRequest;
  readonly mix: DecodedMix;
  readonly separated: SeparatedMix;
  readonly files: readonly StoredFile[];
  readonly waveform: WaveformDocument;
  /** version */
  readonly ffmpeg: string;
  readonly seconds: StageSeconds;
  readonly startedAt: Date;
}

/**
 * Commits the separation, as the last step.
 * @throws StorageUnavailableError, SeparationEndedError, or the signal's reason before anything is written
 */
export async function commitWork(store: SeparationStore, work: FinishedWork, step: StepContext): Promise<Manifest> {
  const manifest = describeWork(work, new Date());
  await store.commit(work.request, manifest, step);
  return manifest;
}

function describeWork(work: FinishedWork, finishedAt: Date): Manifest {
  const { request, mix, separated, files, waveform } = work;
  const { model, stems, overlap, shifts, track } = request;
  const stemFiles = files.filter((file) => file.kind === 'stem');
  const others = stemFiles.filter(({ format }) => format !== MASTER_FORMAT);
  return {
    id: request.id,
    model: separated.model,
    weightsSha256: separated.weightsSha256,
    licence: licenceOf(separated.model),
    networks: [...separated.networks],
    engine: {
      version: separated.engineVersion,
      backend: separated.backend,
      device: separated.deviceName === '' ? separated.device : `${separated.device} (${separated.deviceName})`,
      precision: separated.precision,
      libraries: separated.versions,
    },
    ffmpeg: work.ffmpeg,
    options: { model, stems, overlap, shifts, ...(track !== undefined && { track }) },
    input: {
      sha256: request.inputSha256,
      codec: mix.codec,
      sampleRate: mix.sampleRate,
      channels: mix.channels,
      tracks: mix.tracks,
      startSeconds: mix.startSeconds,
      samples: mix.samples,
      durationSeconds: mix.samples / WORKING_RATE,
      tags: mix.tags,
    },
    stems: separated.stems.map((stem) => describeStem(stem, stemFiles, separated)),
    original: describeOriginal(files, mix),
    ...describeCover(files),
    artefacts: [
      ...others.map(({ key, sha256, bytes, stem, format }) => ({ key, sha256, bytes, stem, format })),
      { key: waveform.key, sha256: waveform.sha256, bytes: waveform.bytes },
    ],
    gainDb: separated.gainDb,
    residualDb: separated.residualDb,
    seconds: work.seconds,
    warnings: findWarnings(work),
    startedAt: work.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
  };
}

function describeStem(
  { name, peak }: EngineStem,
  files: readonly StoredStem[],
  { samples, gainDb }: SeparatedMix,
): ManifestStem {
  const master = files.find(({ stem, format }) => stem === name && format === MASTER_FORMAT);
  if (master === undefined) throw new WrongStemsError(`${name} has no master`);
  const { key, sha256, bytes } = master;
  const peakDb = amplitudeToDb(peak);
  return { name, key, sha256, bytes, samples, peakDb: peakDb === null ? null : peakDb + gainDb };
}

function describeCover(files: readonly StoredFile[]): Pick<Manifest, 'cover'> {
  const cover = files.find(({ kind }) => kind === 'cover');
  if (cover === undefined) return {};
  const { key, sha256, bytes } = cover;
  return { cover: { key, sha256, bytes } };
}

function describeOriginal(files: readonly StoredFile[], { samples }: DecodedMix): ManifestOriginal {
  const original = files.find((file): file is StoredOriginal => file.kind === 'original');
  if (original === undefined) throw new WrongStemsError('the song has no original');
  const { key, sha256, bytes, gainDb, peak } = original;
  const peakDb = amplitudeToDb(peak);
  return { key, sha256, bytes, samples, peakDb: peakDb === null ? null : peakDb + gainDb, gainDb };
}
