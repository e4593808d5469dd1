import { readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ffmpeg } from '../../support/songs/songs.js';
import { DEMO_SONG } from '../../support/service/test-service.js';
import type { Random } from '../random.js';

export interface Song {
  readonly path: string;
  readonly sha256: string;
  /** false for a file that the service must refuse */
  readonly isSong: boolean;
}

interface Kind {
  readonly extension: string;
  readonly encode: readonly string[];
}

/** every container that the service takes, and sample formats, rates and channels that songs have */
const KINDS: readonly Kind[] = [
  { extension: 'mp3', encode: ['-b:a', '192k'] },
  { extension: 'wav', encode: ['-c:a', 'pcm_s16le'] },
  { extension: 'flac', encode: ['-ar', '48000'] },
  { extension: 'm4a', encode: ['-c:a', 'aac', '-b:a', '128k'] },
  { extension: 'ogg', encode: ['-c:a', 'libvorbis', '-q:a', '4'] },
  { extension: 'mp3', encode: ['-ac', '1', '-q:a', '6', '-ar', '22050'] },
  { extension: 'wav', encode: ['-c:a', 'pcm_f32le'] },
  { extension: 'opus', encode: ['-c:a', 'libopus', '-b:a', '96k'] },
  { extension: 'aiff', encode: ['-ac', '1'] },
  { extension: 'wav', encode: ['-c:a', 'pcm_s24le', '-ar', '96000'] },
  { extension: 'mka', encode: ['-c:a', 'flac'] },
  { extension: 'wav', encode: ['-c:a', 'pcm_u8', '-ar', '8000', '-ac', '1'] },
];

/** Songs of many kinds, and files that are none. The same seed makes the same songs. */
export async function makeSongs(folder: string, count: number, random: Random): Promise<Song[]> {
  const songs: Song[] = [];
  for (let number = 0; number < count; number++) {
    const kind = KINDS[number % KINDS.length] ?? random.pick(KINDS);
    const path = join(folder, `song-${number}.${kind.extension}`);
    const from = random.between(0, 20).toFixed(2);
    // mostly short: the drill is about faults, not about speed; some are long enough to be caught in the middle
    const seconds = (random.chance(0.2) ? random.between(12, 24) : random.between(1.5, 8)).toFixed(2);
    const volume = random.between(0.4, 1).toFixed(3);
    const cut = ['-ss', from, '-t', seconds, '-i', DEMO_SONG, '-map', '0:a:0', '-map_metadata', '-1'];
    await ffmpeg(...cut, '-af', `volume=${volume}`, '-bitexact', ...kind.encode, path);
    songs.push(await describe(path, true));
  }
  return songs;
}

/** Files that are refused at the upload. */
export async function makeRefused(folder: string): Promise<Song[]> {
  const contents: Record<string, Buffer> = {
    'text.mp3': Buffer.from('not a song, whatever its name says\n'.repeat(200)),
    'empty.wav': Buffer.alloc(0),
    'page.flac': Buffer.from('<!doctype html><title>404</title>'),
  };
  return Promise.all(
    Object.entries(contents).map(async ([name, bytes]) => {
      await writeFile(join(folder, name), bytes);
      return describe(join(folder, name), false);
    }),
  );
}

async function describe(path: string, isSong: boolean): Promise<Song> {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { path, sha256, isSong };
}
