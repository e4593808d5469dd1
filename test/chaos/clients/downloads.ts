import { createHash } from 'node:crypto';
import type { Separation } from '@app/separations';
import type { Violations } from '../violations.js';
import type { Caller } from './caller.js';
import type { Song } from './song-library.js';

/** the first bytes of a file of this format */
const MAGIC: Readonly<Record<string, string>> = {
  flac: 'fLaC',
  wav: 'RIFF',
  archive: 'PK\u0003\u0004',
  mix: 'RIFF',
  original: 'fLaC',
  waveform: '{',
};

/** Downloads one thing of a completed separation until it comes whole, and checks what came. */
export async function download(
  caller: Caller,
  violations: Violations,
  { id, stems, receipt }: Separation,
  what: string,
  song: Song,
): Promise<void> {
  const [stem = 'vocals'] = stems;
  const paths: Readonly<Record<string, string>> = {
    archive: 'archive.zip',
    mix: `mix.wav?levels=${stem}:0.5`,
    original: 'original.flac',
    waveform: 'waveform',
    input: 'input',
  };
  const path = `/v1/separations/${id}/${paths[what] ?? `stems/${stem}.${what}`}`;
  const { status, code, body, headers } = await caller.until(`download ${what}`, path);
  const name = `${what} of ${id}`;
  if (status !== 200) {
    violations.add('downloads', `${name}: ${status} ${code}`);
    return;
  }
  const length = headers.get('content-length');
  violations.expect(length === null || Number(length) === body.length, 'downloads', `${name}: ${body.length} bytes`);
  const magic = Buffer.from(MAGIC[what] ?? '');
  violations.expect(body.subarray(0, magic.length).equals(magic), 'downloads', `${name} is of another format`);
  const wanted: Readonly<Record<string, string | undefined>> = {
    input: song.sha256,
    flac: receipt?.stems.find(({ name }) => name === stem)?.sha256,
  };
  const right = wanted[what];
  const digest = createHash('sha256').update(body).digest('hex');
  violations.expect(right === undefined || digest === right, 'downloads', `${name} has other bytes`);
}
