import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readFile, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseManifest, type Manifest } from '@app/separations';
import type { ObjectStore } from '@app/storage';
import { ffmpeg } from '../../support/songs/songs.js';

/** The results of an undisturbed run, by song and options. */
export class References {
  readonly #manifests = new Map<string, Manifest>();

  constructor(
    private readonly store: ObjectStore,
    /** for files that are decoded */
    private readonly folder: string,
  ) {}

  async add(id: string): Promise<void> {
    const text = await this.store.getText(`separations/${id}/manifest.json`);
    if (text === undefined) throw new Error(`the undisturbed run has no manifest of ${id}`);
    const manifest = parseManifest(text);
    this.#manifests.set(name(manifest), manifest);
  }

  /** @returns how a result differs from the undisturbed one */
  async differences(manifest: Manifest): Promise<string[]> {
    const right = this.#manifests.get(name(manifest));
    if (right === undefined) return ['it was never run undisturbed'];
    const differences: string[] = [];
    if (manifest.gainDb !== right.gainDb) differences.push(`gain ${manifest.gainDb} dB, not ${right.gainDb} dB`);
    for (const stem of right.stems) {
      const own = manifest.stems.find((other) => other.name === stem.name);
      if (own === undefined) differences.push(`no ${stem.name}`);
      // the same file has the same samples
      else if (own.sha256 !== stem.sha256 && (await this.#samples(own.key)) !== (await this.#samples(stem.key))) {
        differences.push(`${stem.name} has other samples`);
      }
    }
    return differences;
  }

  /** sha256 of the decoded samples */
  async #samples(key: string): Promise<string> {
    const song = join(this.folder, 'stem.flac');
    const samples = join(this.folder, 'stem.pcm');
    try {
      await pipeline(await this.store.get(key), createWriteStream(song));
      await ffmpeg('-i', song, '-f', 's32le', '-c:a', 'pcm_s32le', samples);
      return createHash('sha256')
        .update(await readFile(samples))
        .digest('hex');
    } finally {
      await Promise.all([song, samples].map((path) => rm(path, { force: true })));
    }
  }
}

function name({ input, options: { model, stems, overlap, shifts } }: Manifest): string {
  return JSON.stringify([input.sha256, model, [...stems].sort(), overlap, shifts]);
}
