import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import type { Format, StemName } from '@app/separations';
import { ObjectStore, type ByteRange } from '@app/storage';
import { etagOf } from '../../downloads/etag.js';
import type { Download, OpenDownload, ServedFile } from '../../downloads/send-file.js';
import { titleOf } from '../../separations/title.js';
import type { Completed } from '../media.service.js';
import type { FileTags } from './file-tags.js';
import { readFlacStart, taggedFlacStart } from './flac-blocks.js';
import { id3Tag } from './id3-tag.js';

/** more than the blocks in front of the samples of a master, which has no tags */
const START_BYTES = 64 * 1024;

/** The first bytes of a download, and how many of the stored file they replace. */
interface NewStart {
  readonly bytes: Buffer;
  readonly replaced: number;
}

/**
 * Writes tags into downloads while they are sent: stored files have none, so they stay equal for equal samples, and a
 * song may get another title at any time.
 */
@Injectable()
export class TaggedFiles {
  constructor(private readonly store: ObjectStore) {}

  /** @returns the file as it is for a format without such tags */
  async tag(
    file: ServedFile,
    song: Completed,
    stem: StemName,
    format: Format,
    signal: AbortSignal,
  ): Promise<{ readonly download: Download; readonly open: OpenDownload }> {
    const start = await this.newStart(file, song, stem, format, signal);
    const { bytes, replaced } = start;
    const open: OpenDownload = async (range) => {
      const { start: from, end } = range ?? { start: 0, end: file.bytes - replaced + bytes.length - 1 };
      const head = bytes.subarray(from, end + 1);
      if (end < bytes.length) return Readable.from([head], { objectMode: false });
      const rest = { start: Math.max(from - bytes.length, 0) + replaced, end: end - bytes.length + replaced };
      return Readable.from(joined(head, await this.get(file.key, rest, signal)), { objectMode: false, signal });
    };
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    const { contentType, downloadName } = file;
    const download = {
      contentType,
      ...(downloadName !== undefined && { downloadName }),
      bytes: file.bytes - replaced + bytes.length,
      etag: etagOf(file.etag.replaceAll('"', ''), digest),
    };
    return { download, open };
  }

  private async newStart(
    file: ServedFile,
    song: Completed,
    stem: StemName,
    format: Format,
    signal: AbortSignal,
  ): Promise<NewStart> {
    const { tags, cover } = { tags: song.manifest.input.tags, cover: song.manifest.cover };
    if (format === 'wav') return { bytes: Buffer.alloc(0), replaced: 0 };
    const fileTags: FileTags = {
      title: `${titleOf(song)} (${stem})`,
      artist: tags?.artist,
      album: tags?.album,
      cover: cover && (await buffer(await this.store.get(cover.key, { signal }))),
    };
    if (format === 'mp3') return { bytes: id3Tag(fileTags), replaced: 0 };
    const range = { start: 0, end: Math.min(START_BYTES, file.bytes) - 1 };
    const start = readFlacStart(await buffer(await this.get(file.key, range, signal)));
    return { bytes: taggedFlacStart(start, fileTags), replaced: start.bytes };
  }

  private get(key: string, range: ByteRange, signal: AbortSignal): Promise<Readable> {
    return this.store.get(key, { range, signal });
  }
}

async function* joined(head: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for await (const chunk of rest) yield chunk as Buffer;
}
