import { Injectable } from '@nestjs/common';
import { ObjectStore } from '@app/storage';
import type { Request, Response } from 'express';
import type { ServedFile } from '../downloads/send-file.js';
import { archiveName } from './download-name.js';
import type { ArchiveQuery } from './media.dto.js';
import { knownStem, MediaService, type Completed } from './media.service.js';
import { writeZip } from './zip.js';

/** Sends the stems of a separation as a ZIP file. */
@Injectable()
export class ArchiveService {
  constructor(
    private readonly media: MediaService,
    private readonly store: ObjectStore,
  ) {}

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
    const { manifest } = completed;
    const files: ServedFile[] = [];
    for (const stem of wantedStems(completed, query.stems)) {
      files.push(await this.media.stemFile(completed, stem, query.format, signal));
    }
    response.attachment(archiveName(completed.request));
    response.set({ 'Cache-Control': 'private, no-cache', 'Content-Type': 'application/zip' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const entries = files.map(({ key, downloadName }) => ({ key, name: downloadName ?? key }));
    await writeZip(this.store, entries, new Date(manifest.finishedAt), response, signal);
  }
}

/** @throws ProblemError stem_not_found */
function wantedStems({ manifest }: Completed, names: string | undefined): string[] {
  const all = manifest.stems.map((stem) => stem.name);
  if (names === undefined) return all;
  const wanted = names.split(',').map((name) => knownStem(manifest, name.trim()).name);
  return all.filter((name) => wanted.includes(name));
}
