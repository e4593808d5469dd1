// a song through a service that runs elsewhere, its stems checked against the receipt; and a long song to interrupt
import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { PlainError } from './fail.mjs';
import { until } from './until.mjs';

const COMPLETED_MS = 300_000;

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
    const answer = await client.get(`/v1/separations/${id}/stems/${name}.flac`, undefined, COMPLETED_MS);
    const digest = createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
    if (digest !== sha256) throw new PlainError(`${name}.flac of ${id} is not what its receipt says`);
  }
  return receipt.stems.map(({ name }) => name);
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
