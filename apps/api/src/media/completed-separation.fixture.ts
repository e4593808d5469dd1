import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computeWaveform, Ffmpeg } from '@app/audio';
import { hashFile, type ObjectStore } from '@app/storage';
import { separationId } from '@app/separation-store';
import { objectKeys, type Manifest, type ManifestStem, type StoredRequest } from '@app/separations';
import { createHash, randomUUID } from 'node:crypto';
import { Documents, someManifest, someRequest } from '../../../../test/support/separations/stored-separations.js';

export const RATE = 44_100;
const NOW = '2026-11-23T12:00:00.000Z';

export interface Given {
  readonly seconds: number;
  readonly stems: readonly string[];
  readonly owner?: string | null;
  readonly fileName?: string;
  /** false: accepted, with its song only */
  readonly completed?: boolean;
}

/** Stores a separation with real masters and a real waveform, as a worker does; for specs. */
export async function storeSeparation(ffmpeg: Ffmpeg, store: ObjectStore, given: Given): Promise<StoredRequest> {
  const song = Buffer.from(`a song ${randomUUID()}`);
  const request = requestFor(song, given);
  const folder = await mkdtemp(join(tmpdir(), 'masters-'));
  const documents = new Documents(store);
  try {
    await store.putText(objectKeys.input(request.id, 'mp3'), song.toString());
    await documents.putRequest(request);
    if (given.completed === false) return request;
    const wavs = await Promise.all(given.stems.map((stem, index) => writeStem(folder, stem, given.seconds, index)));
    const stems = await Promise.all(wavs.map(({ stem, path }) => storeMaster(ffmpeg, store, request, stem, path)));
    const waveform = JSON.stringify(
      await computeWaveform(Object.fromEntries(wavs.map(({ stem, path }) => [stem, path])), { gain: () => 1 }),
    );
    await store.putText(objectKeys.waveform(request.id, sha256Of(waveform)), waveform);
    const original = await storeOriginal(ffmpeg, store, request, wavs[0]?.path);
    const cover = await storeCover(store, request);
    await documents.putManifest({ ...manifestFor(request, stems, waveform), ...original, ...cover });
    return request;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function requestFor(song: Buffer, { stems, owner = null, fileName = 'My Song.mp3', seconds }: Given): StoredRequest {
  const identity = {
    inputSha256: sha256Of(song),
    model: 'demo',
    weights: 'demo',
    stems,
    overlap: 0.25,
    shifts: 0,
    owner,
  };
  return someRequest({
    ...identity,
    id: separationId(identity),
    createdAt: NOW,
    fileName,
    inputBytes: song.length,
    durationSeconds: seconds,
  });
}

/** a different tone for each stem, as the engine writes it */
async function writeStem(
  folder: string,
  stem: string,
  seconds: number,
  index: number,
): Promise<{ stem: string; path: string }> {
  const samples = new Float32Array(Math.round(seconds * RATE) * 2);
  for (let at = 0; at < samples.length; at += 1) {
    samples[at] = 0.4 * Math.sin((Math.floor(at / 2) * (index + 1)) / 20);
  }
  const path = join(folder, `${stem}.wav`);
  await writeFile(path, Buffer.concat([floatHeader(samples.byteLength), Buffer.from(samples.buffer)]));
  return { stem, path };
}

function floatHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF....WAVEfmt ', 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  const fields: [number, 16 | 32, number][] = [
    [16, 32, 16],
    [20, 16, 3],
    [22, 16, 2],
    [24, 32, RATE],
    [28, 32, RATE * 8],
    [32, 16, 8],
    [34, 16, 32],
  ];
  for (const [at, bits, value] of fields) header.writeUIntLE(value, at, bits / 8);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

async function storeMaster(
  ffmpeg: Ffmpeg,
  store: ObjectStore,
  { id, durationSeconds }: StoredRequest,
  stem: string,
  wavPath: string,
): Promise<ManifestStem> {
  const path = `${wavPath}.flac`;
  await ffmpeg.encode({ wavPath, gain: 1, destinations: { flac: path } });
  const { sha256, bytes } = await hashFile(path);
  const key = objectKeys.stem(id, stem, 'flac', sha256);
  await store.put(key, createReadStream(path));
  const samples = Math.round(durationSeconds * RATE);
  return { name: stem, key, sha256, bytes, samples, peakDb: -8 };
}

async function storeOriginal(
  ffmpeg: Ffmpeg,
  store: ObjectStore,
  { id, durationSeconds }: StoredRequest,
  wavPath: string | undefined,
): Promise<Pick<Manifest, 'original'>> {
  if (wavPath === undefined) return {};
  const path = `${wavPath}.original.flac`;
  await ffmpeg.encode({ wavPath, gain: 0.5, destinations: { flac: path } });
  const { sha256, bytes } = await hashFile(path);
  const key = objectKeys.original(id, sha256);
  await store.put(key, createReadStream(path));
  return { original: { key, sha256, bytes, samples: Math.round(durationSeconds * RATE), peakDb: -14, gainDb: -6 } };
}

/** its bytes are not looked at */
async function storeCover(store: ObjectStore, { id }: StoredRequest): Promise<Pick<Manifest, 'cover'>> {
  const image = 'a small JPEG, of more than a hundred bytes'.repeat(4);
  const sha256 = sha256Of(image);
  const key = objectKeys.cover(id, sha256);
  await store.putText(key, image);
  return { cover: { key, sha256, bytes: image.length } };
}

function manifestFor(request: StoredRequest, stems: readonly ManifestStem[], waveform: string): Manifest {
  const sha256 = sha256Of(waveform);
  const artefacts = [{ key: objectKeys.waveform(request.id, sha256), sha256, bytes: Buffer.byteLength(waveform) }];
  return someManifest(request, { stems, artefacts, startedAt: NOW, finishedAt: NOW });
}

function sha256Of(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
