import { Injectable } from '@nestjs/common';
import {
  CONTENT_TYPES,
  contentVersion,
  earlierKeys,
  findStemFile,
  findWaveform,
  FORMATS,
  isFormat,
  MASTER_FORMAT,
  objectKeys,
  type Format,
  type Manifest,
  type ManifestFile,
  type ManifestStem,
  type StemName,
  type StoredRequest,
} from '@app/separations';
import { ObjectStore } from '@app/storage';
import { SeparationAccess } from '../access/separation-access.js';
import { etagOf } from '../downloads/etag.js';
import type { ServedFile } from '../downloads/send-file.js';
import { fromStore } from '../problems/outages.js';
import { ProblemError } from '../problems/problem.error.js';
import { coverName, originalName, stemFileName } from './download-name.js';
import { StemEncoder } from './stem-encoder.js';

/** A completed separation: its files may be served. */
export interface Completed {
  readonly request: StoredRequest;
  readonly manifest: Manifest;
  /** who wants the files, see `callerOf` */
  readonly caller: string;
}

const SHA256_PREFIX = 32;

/** Finds the files of a separation, and encodes those that do not exist yet. */
@Injectable()
export class MediaService {
  constructor(
    private readonly access: SeparationAccess,
    private readonly store: ObjectStore,
    private readonly encoder: StemEncoder,
  ) {}

  /** @throws ProblemError separation_not_found, or not_completed: nothing is served before the manifest exists */
  async completed(id: string, owner: string | null, caller: string): Promise<Completed> {
    const { request, manifest } = await this.access.loadCompleted(id, owner);
    return { request, manifest, caller };
  }

  /** @throws ProblemError stem_not_found, unknown_format, busy */
  async stemFile(completed: Completed, name: StemName, format: string, signal: AbortSignal): Promise<ServedFile> {
    const { manifest } = completed;
    const wanted = knownFormat(format);
    const stem = knownStem(manifest, name);
    const file = {
      contentType: contentType(wanted),
      downloadName: stemFileName(completed, stem.name, wanted),
    };
    if (wanted === MASTER_FORMAT) return { ...file, ...contentOf(stem) };
    const artefact = findStemFile(manifest, stem.name, wanted);
    if (artefact !== undefined) return { ...file, ...contentOf(artefact) };
    const key = objectKeys.stem(manifest.id, stem.name, wanted, stem.sha256);
    const stored = await fromStore((timeout) => this.store.head(key, { signal: timeout }));
    const { bytes } = stored ?? (await this.encoder.encode(manifest.id, stem, wanted, signal, completed.caller));
    return { ...file, key, bytes, etag: etagOf(stem.sha256.slice(0, SHA256_PREFIX), wanted, bytes) };
  }

  /**
   * The song as decoded for separation, sample-aligned with its stems. A separation of an earlier version has none
   * stored: it is decoded on demand. @throws ProblemError busy
   */
  async original(completed: Completed, signal: AbortSignal): Promise<ServedFile> {
    const { request, manifest, caller } = completed;
    const { original } = manifest;
    const about = { contentType: contentType(MASTER_FORMAT), downloadName: originalName(completed) };
    if (original !== undefined) {
      return { ...about, ...contentOf(original) };
    }
    const key = earlierKeys.original(manifest.id);
    const song = { key: objectKeys.input(request.id, request.inputExtension), bytes: request.inputBytes };
    const stored = await fromStore((timeout) => this.store.head(key, { signal: timeout }));
    const { bytes } = stored ?? (await this.encoder.original(song, manifest, signal, caller));
    const etag = etagOf(manifest.input.sha256.slice(0, SHA256_PREFIX), MASTER_FORMAT, bytes);
    return { ...about, key, bytes, etag };
  }

  /** @throws ProblemError not_found when the song has none */
  cover(completed: Completed): ServedFile {
    const { cover } = completed.manifest;
    if (cover === undefined) throw new ProblemError('not_found', 'The song has no cover.');
    return { ...contentOf(cover), contentType: 'image/jpeg', downloadName: coverName(completed) };
  }

  /** @throws ProblemError not_found when it was completed without one */
  waveform({ manifest }: Completed): ServedFile {
    const waveform = findWaveform(manifest);
    if (waveform === undefined) throw new ProblemError('not_found', 'The separation has no waveform.');
    return { ...contentOf(waveform), contentType: 'application/json' };
  }

  /** The song as uploaded, available before the separation completes. @throws ProblemError not_found */
  async song(id: string, owner: string | null): Promise<ServedFile> {
    const { request, damage } = await this.access.load(id, owner);
    if (damage?.document === 'request') throw new ProblemError('not_found', 'The record of the song cannot be read.');
    return {
      ...contentOf({
        key: objectKeys.input(request.id, request.inputExtension),
        bytes: request.inputBytes,
        sha256: request.inputSha256,
      }),
      contentType: contentType(request.inputExtension),
      downloadName: request.fileName,
    };
  }
}

function contentOf({ key, bytes, sha256 }: ManifestFile): Pick<ServedFile, 'key' | 'bytes' | 'etag' | 'version'> {
  return { key, bytes, etag: etagOf(sha256), version: contentVersion(sha256) };
}

export function knownFormat(format: string): Format {
  if (isFormat(format)) return format;
  throw new ProblemError('unknown_format', `Unknown format "${format}".`, { extras: { allowed: FORMATS } });
}

export function knownStem(manifest: Manifest, name: StemName): ManifestStem {
  const stem = manifest.stems.find((one) => one.name === name);
  if (stem !== undefined) return stem;
  const allowed = manifest.stems.map((one) => one.name);
  throw new ProblemError('stem_not_found', `The separation has no stem "${name}".`, { extras: { allowed } });
}

export function contentType(extension: string): string {
  return CONTENT_TYPES[extension] ?? 'application/octet-stream';
}
