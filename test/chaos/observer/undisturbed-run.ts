import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type Separation } from '@app/separations';
import type { Caller } from '../clients/caller.js';
import type { Ledger } from '../clients/ledger.js';
import { sendSong } from '../clients/send-song.js';
import type { Song } from '../clients/song-library.js';
import type { Visit } from '../clients/visit-plan.js';
import type { References } from './references.js';

const POLL_MS = 200;

/** Separates every song with the options that visits ask for, before any fault: these results are right. */
export async function undisturbedRun(
  caller: Caller,
  owner: string,
  ledger: Ledger,
  references: References,
  visits: readonly Visit[],
  songs: readonly Song[],
): Promise<void> {
  const accepted = visits.filter(
    ({ intent }) => intent !== 'send what is not a song' && intent !== 'go away while sending',
  );
  const different = new Map(accepted.map((visit) => [nameOf(visit), visit]));
  const ids: string[] = [];
  for (const { song: number, fields } of different.values()) {
    const song = songs[number];
    if (song === undefined) throw new Error(`no song ${number}`);
    const { status, body } = await sendSong(caller, song, withoutFormats(fields));
    if (status !== 202 && status !== 200) throw new Error(`undisturbed, ${song.path}: ${status} ${body.toString()}`);
    const { id } = JSON.parse(body.toString()) as Separation;
    ledger.accepted(id, owner);
    ids.push(id);
  }
  for (const id of ids) {
    await untilCompleted(caller, id);
    await references.add(id);
  }
}

async function untilCompleted(caller: Caller, id: string): Promise<void> {
  for (;;) {
    const { body } = await caller.until('read', `/v1/separations/${id}`);
    const { status, error } = JSON.parse(body.toString()) as Separation;
    if (status === 'completed') return;
    if (isTerminal(status)) throw new Error(`undisturbed, ${id} is ${status}: ${JSON.stringify(error)}`);
    await pause(POLL_MS);
  }
}

/** formats are not part of a separation's name */
function withoutFormats(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'formats'));
}

function nameOf({ song, fields }: Visit): string {
  return JSON.stringify([song, withoutFormats(fields)]);
}
