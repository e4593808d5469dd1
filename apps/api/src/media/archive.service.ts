import { Injectable } from '@nestjs/common';
import { listedNames } from '@app/separations';
import { ObjectNotFoundError, ObjectStore, type ByteRange } from '@app/storage';
import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { etagOf } from '../downloads/etag.js';
import { sendDownload, type ServedFile } from '../downloads/send-file.js';
import { fromStore } from '../problems/outages.js';
import { Checksums } from '../zip/checksums.js';
import { ZipArchive } from '../zip/zip-archive.js';
import { archiveName } from './download-name.js';
import type { ArchiveQuery } from './media.dto.js';
import { knownStem, MediaService, type Completed } from './media.service.js';

/** Sends the stems of a separation as a ZIP file. */
@Injectable()
export class ArchiveService {
  private readonly checksums: Checksums;

  constructor(
    private readonly media: MediaService,
    private readonly store: ObjectStore,
  ) {
    this.checksums = new Checksums(store);
  }

  /**
   * Encodes every stem before the first byte is sent, while an error can still be reported. One at a time: an archive
   * takes one encoder slot.
   */
  async send(
    completed: Completed,
    query: ArchiveQuery,
    request: Request,
    response: Response,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, checksums } = this;
    const files: ServedFile[] = [];
    for (const stem of wantedStems(completed, query.stems)) {
      files.push(await this.media.stemFile(completed, stem, query.format, signal));
    }
    await Promise.all(files.map((file) => this.mustBeStored(file)));
    const entries = files.map((file) => ({ ...file, name: file.downloadName ?? file.key }));
    const archive = new ZipArchive(entries, new Date(completed.manifest.finishedAt), { store, checksums });
    const download = {
      bytes: archive.bytes,
      etag: etagOf(archive.digest),
      contentType: 'application/zip',
      downloadName: archiveName(completed),
    };
    const open = (range: ByteRange | undefined): Promise<Readable> => Promise.resolve(archive.read(range, signal));
    await sendDownload(download, open, request, response);
  }

  /** once the first byte is sent, a missing stem could only break the archive off */
  private async mustBeStored({ key, bytes }: ServedFile): Promise<void> {
    const stored = await fromStore((timeout) => this.store.head(key, { signal: timeout }));
    if (stored === undefined) throw new ObjectNotFoundError(key);
    if (stored.bytes !== bytes) throw new Error(`${key} has ${stored.bytes} bytes in the store, not ${bytes}`);
  }
}

/** @throws ProblemError stem_not_found */
function wantedStems({ manifest }: Completed, names: string | undefined): string[] {
  const all = manifest.stems.map((stem) => stem.name);
  if (names === undefined) return all;
  const wanted = listedNames(names).map((name) => knownStem(manifest, name).name);
  if (wanted.length === 0) knownStem(manifest, '');
  return all.filter((name) => wanted.includes(name));
}
