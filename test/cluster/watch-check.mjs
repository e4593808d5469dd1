// a watched folder: a song that is half copied, and a restart
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../../scripts/support/fail.mjs';
import { until } from '../../scripts/support/until.mjs';
import { checkStems, completed, writeLongSong } from './song-check.mjs';

/** A song is copied in pieces that are less than SETTLE_SECONDS apart, for longer than that. */
const SETTLE_SECONDS = 15;
const PIECES = 12;
const PIECE_MS = 2000;
const WRITTEN_MS = 300_000;

const digestOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A folder of songs and one for their stems, which every user may write to. */
export class WatchedFolders {
  #root = mkdtempSync(join(tmpdir(), 'watched-'));
  songs = join(this.#root, 'songs');
  library = join(this.#root, 'library');
  options = `--settle ${SETTLE_SECONDS} --poll 1`;

  constructor() {
    chmodSync(this.#root, 0o755);
    for (const folder of [this.songs, this.library]) {
      mkdirSync(folder);
      chmodSync(folder, 0o777);
    }
  }

  remove() {
    rmSync(this.#root, { recursive: true });
  }
}

/**
 * @param {WatchedFolders} folders
 * @param {() => Promise<import('../../libs/client/src/separation-client.js').SeparationClient>} start brings up the
 * service with its watch
 * @param {() => Promise<void>} stop
 */
export async function checkWatch(folders, song, { start, stop }) {
  const first = await start();
  const copied = await copySlowly(song, join(folders.songs, 'copied.mp3'), async () => {
    if ((await listed(first)).length > 0) throw new PlainError('A song was taken while it was still being copied.');
  });
  await stemsAppear(folders, 'copied');
  await mustHave(first, folders, { copied });
  console.log(`  a song that was copied for ${(PIECES * PIECE_MS) / 1000} s was taken once, as a whole`);
  const before = written(folders, 'copied');
  await stop();
  const other = join(folders.songs, 'other.wav');
  writeLongSong(other, 12);
  const second = await start();
  await stemsAppear(folders, 'other');
  await mustHave(second, folders, { copied, other: digestOf(other) });
  if (written(folders, 'copied') !== before) throw new PlainError('A restart wrote the stems of a song again.');
  console.log('  after a restart, it took the song that was added meanwhile, and left the first one alone');
  await stop();
}

const listed = async (client) => (await client.list()).separations;

/** @returns {Promise<string>} the song's sha256 */
async function copySlowly(song, file, meanwhile) {
  const bytes = readFileSync(song);
  const size = Math.ceil(bytes.length / PIECES);
  for (let at = 0; at < bytes.length; at += size) {
    appendFileSync(file, bytes.subarray(at, at + size));
    await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, PIECE_MS));
  }
  return digestOf(song);
}

async function stemsAppear({ library }, name) {
  const hasAll = async () => written({ library }, name).split('\n').length >= 4;
  if (!(await until(hasAll, { timeoutMs: WRITTEN_MS }))) throw new PlainError(`No stems of ${name} appeared.`);
}

/** Names and times of a song's files. */
function written({ library }, name) {
  const folder = join(library, name);
  const facts = statSync(folder, { throwIfNoEntry: false });
  const files = facts === undefined ? [] : readdirSync(folder).sort();
  return files.map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`).join('\n');
}

/** Exactly these songs, each with its stems as the receipt says. */
async function mustHave(client, { library }, digests) {
  const songs = await listed(client);
  if (songs.length !== Object.keys(digests).length) {
    throw new PlainError(`${songs.length} separations in place of ${Object.keys(digests).length}`);
  }
  for (const [name, digest] of Object.entries(digests)) {
    const { id } = songs.find(({ fileName }) => fileName.startsWith(`${name}.`));
    const { receipt } = await completed(client, id);
    if (receipt.input.sha256 !== digest) throw new PlainError(`${name} was not separated as a whole`);
    await checkStems(client, id);
    const digestsOfStems = readdirSync(join(library, name)).map((file) => digestOf(join(library, name, file)));
    const expected = receipt.stems.map(({ sha256 }) => sha256);
    if (expected.some((sha256) => !digestsOfStems.includes(sha256))) {
      throw new PlainError(`The library's stems of ${name} do not match the receipt`);
    }
  }
}
