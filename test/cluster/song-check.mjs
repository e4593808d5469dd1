// a song through a service that runs elsewhere, its stems checked against the receipt; and a long song to interrupt
import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { PlainError } from '../../scripts/support/fail.mjs';
import { until } from '../../scripts/support/until.mjs';

const COMPLETED_MS = 600_000;

/** @returns {Promise<{ id: string, seconds: number, stems: string[] }>} seconds: from the upload's begin to completed */
export async function separateAndCheck(client, song, fields = []) {
  const begin = Date.now();
  const { id } = await upload(client, song, fields);
  await completed(client, id);
  const seconds = (Date.now() - begin) / 1000;
  return { id, seconds, stems: await checkStems(client, id) };
}

export function upload(client, song, fields = []) {
  return client.upload(song, statSync(song).size, fields, () => undefined, AbortSignal.timeout(COMPLETED_MS));
}

export async function completed(client, id) {
  let separation;
  const ends = async () => {
    separation = await client.separation(id, AbortSignal.timeout(COMPLETED_MS)).catch(() => separation);
    return ['completed', 'failed', 'cancelled'].includes(separation?.status);
  };
  await until(ends, { timeoutMs: COMPLETED_MS });
  if (separation?.status !== 'completed') throw new PlainError(`${id} did not complete: ${JSON.stringify(separation)}`);
  return separation;
}

/** Every stem has the bytes and the sha256 of the receipt. */
export async function checkStems(client, id) {
  const { receipt } = await client.separation(id, AbortSignal.timeout(COMPLETED_MS));
  for (const { name, sha256 } of receipt.stems) {
    const digest = createHash('sha256')
      .update(await bytesOf(client, `/v1/separations/${id}/stems/${name}.flac`))
      .digest('hex');
    if (digest !== sha256) throw new PlainError(`${name}.flac of ${id} is not what its receipt says`);
  }
  return receipt.stems.map(({ name }) => name);
}

/**
 * Asks for a format that is not stored: it is encoded from the master, kept, and the same the second time.
 * @returns {Promise<number>} its bytes
 */
export async function checkMadeOnDemand(client, id, stem) {
  const path = `/v1/separations/${id}/stems/${stem}.mp3`;
  const [made, kept] = [await bytesOf(client, path), await bytesOf(client, path)];
  // a tag, or the first frame's sync word
  const isMp3 = made.subarray(0, 3).toString() === 'ID3' || (made[0] === 0xff && (made[1] & 0xe0) === 0xe0);
  if (!isMp3) throw new PlainError(`${path} is no MP3`);
  if (!made.equals(kept)) throw new PlainError(`${path} was not the same when it was asked for again`);
  return made.length;
}

/** @returns {Promise<number>} bytes of the archive of all stems, which came to its end */
export async function checkArchive(client, id) {
  const zip = await bytesOf(client, `/v1/separations/${id}/archive.zip`);
  // "end of central directory": the last 22 bytes where there is no comment
  if (zip.readUInt32LE(zip.length - 22) !== 0x06054b50) throw new PlainError(`archive.zip of ${id} has no end`);
  return zip.length;
}

async function bytesOf(client, path) {
  const answer = await client.get(path, undefined, COMPLETED_MS);
  return Buffer.from(await answer.arrayBuffer());
}

/** Noise that swells, as 16-bit mono WAV of 8 kHz: small to send, and as much work as any song of its length. */
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
