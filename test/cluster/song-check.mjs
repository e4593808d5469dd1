// separates a song with a remote service and checks the stems against the receipt; makes a long song to interrupt
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { songFile } from '../../scripts/support/client.mjs';
import { PlainError } from '../../scripts/support/fail.mjs';
import { until } from '../../scripts/support/until.mjs';

const COMPLETED_MS = 600_000;
const UNAVAILABLE_MS = 60_000;

/** @returns {Promise<{ id: string, seconds: number, stems: string[] }>} seconds: from the start of the upload to completion */
export async function separateAndCheck(client, song, options = {}) {
  const begin = Date.now();
  const { id } = await upload(client, song, options);
  await completed(client, id);
  const seconds = (Date.now() - begin) / 1000;
  return { id, seconds, stems: await checkStems(client, id) };
}

export async function upload(client, song, options = {}) {
  return client.upload(await songFile(song), options, { signal: AbortSignal.timeout(COMPLETED_MS) });
}

export async function completed(client, id) {
  let separation;
  const ends = async () => {
    separation = await client.status(id).catch(() => separation);
    return ['completed', 'failed', 'cancelled'].includes(separation?.status);
  };
  await until(ends, { timeoutMs: COMPLETED_MS });
  if (separation?.status !== 'completed') throw new PlainError(`${id} did not complete: ${JSON.stringify(separation)}`);
  return separation;
}

/** Checks every stem against the sha256 in the receipt. */
export async function checkStems(client, id) {
  const { receipt } = await client.status(id);
  for (const { name, sha256 } of receipt.stems) {
    const digest = createHash('sha256')
      .update(await bytesOf(client, `/v1/separations/${id}/stems/${name}.flac`))
      .digest('hex');
    if (digest !== sha256) throw new PlainError(`${name}.flac of ${id} does not match its receipt`);
  }
  return receipt.stems.map(({ name }) => name);
}

/**
 * Downloads a format that is not stored, twice: the service encodes it from the master and keeps it.
 * @returns {Promise<number>} its size in bytes
 */
export async function checkMadeOnDemand(client, id, stem) {
  const path = `/v1/separations/${id}/stems/${stem}.mp3`;
  const [made, kept] = [await bytesOf(client, path), await bytesOf(client, path)];
  // an ID3 tag or the first frame's sync word
  const isMp3 = made.subarray(0, 3).toString() === 'ID3' || (made[0] === 0xff && (made[1] & 0xe0) === 0xe0);
  if (!isMp3) throw new PlainError(`${path} is not an MP3`);
  if (!made.equals(kept)) throw new PlainError(`${path} changed between two downloads`);
  return made.length;
}

/** @returns {Promise<number>} size in bytes of the complete archive of all stems */
export async function checkArchive(client, id) {
  const zip = await bytesOf(client, `/v1/separations/${id}/archive.zip`);
  // the "end of central directory" record: the last 22 bytes of a ZIP without a comment
  if (zip.readUInt32LE(zip.length - 22) !== 0x06054b50) throw new PlainError(`archive.zip of ${id} is cut off`);
  return zip.length;
}

async function bytesOf(client, path) {
  const signal = AbortSignal.timeout(COMPLETED_MS);
  let bytes;
  const arrive = async () => {
    try {
      bytes = Buffer.from(await (await client.download(path, { signal })).arrayBuffer());
    } catch (error) {
      // a busy machine: the answer says when to try again
      if (error.status !== 503) throw error;
    }
    return bytes !== undefined;
  };
  if (!(await until(arrive, { timeoutMs: UNAVAILABLE_MS }))) throw new PlainError(`${path} is unavailable`);
  return bytes;
}

/** Writes swelling noise as a 16-bit mono 8 kHz WAV: small to upload, and as much work as any song of its length. */
export function writeLongSong(file, seconds) {
  const rate = 8000;
  const wav = Buffer.alloc(44 + rate * seconds * 2);
  const words = [36 + rate * seconds * 2, 16, rate, rate * 2, rate * seconds * 2];
  wav.write('RIFF', 0);
  wav.writeUInt32LE(words[0], 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(words[1], 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(words[2], 24);
  wav.writeUInt32LE(words[3], 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(words[4], 40);
  for (let i = 0; i < rate * seconds; i++) {
    wav.writeInt16LE(Math.round((Math.random() - 0.5) * 8000 * (1 + Math.sin(i / 9000))), 44 + i * 2);
  }
  writeFileSync(file, wav);
}
