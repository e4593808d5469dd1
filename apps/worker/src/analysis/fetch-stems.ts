import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ffmpeg } from '@app/audio';
import { objectKeys, type Manifest, type ManifestFile, type StoredRequest } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { fetchObject } from '../separation/steps/fetch-object.js';

/** A separated song as WAV files: float32, 44.1 kHz, stereo. */
export interface FetchedStems {
  /** has a file `<stem>.wav` for each stem, as it is stored */
  readonly folder: string;
  readonly mix: string;
  /** brings the mix to the level of the song */
  readonly mixGainDb: number;
}

interface Completed {
  readonly request: StoredRequest;
  readonly manifest: Manifest;
}

/**
 * Fetches and decodes the masters and the song, one after the other: the other cores are the engine's.
 * @throws ObjectNotFoundError, StorageUnavailableError, ObjectChangedError, AudioError
 */
export async function fetchStems(
  store: ObjectStore,
  ffmpeg: Ffmpeg,
  { request, manifest }: Completed,
  folder: string,
  signal: AbortSignal,
): Promise<FetchedStems> {
  const decode = async (file: ManifestFile, wav: string, track?: number): Promise<void> => {
    const encoded = `${wav}.encoded`;
    await fetchObject(store, file, encoded, { signal });
    await ffmpeg.decode(encoded, wav, { maxDurationSeconds: manifest.input.durationSeconds + 1, track, signal });
    await rm(encoded);
  };
  for (const stem of manifest.stems) await decode(stem, join(folder, `${stem.name}.wav`));
  const mix = join(folder, 'mix.wav');
  const { original } = manifest;
  // a separation of an earlier version has no stored original
  await (original === undefined ? decode(songOf(request), mix, request.track) : decode(original, mix));
  return { folder, mix, mixGainDb: original === undefined ? 0 : -original.gainDb };
}

function songOf({ id, inputExtension, inputBytes: bytes, inputSha256: sha256 }: StoredRequest): ManifestFile {
  return { key: objectKeys.input(id, inputExtension), bytes, sha256 };
}
