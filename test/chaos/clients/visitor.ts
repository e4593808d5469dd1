import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type Separation } from '@app/separations';
import type { Caller } from './caller.js';
import { download } from './downloads.js';
import { follow } from './follower.js';
import { goAway } from './half-upload.js';
import type { Ledger } from './ledger.js';
import { sendSong } from './send-song.js';
import type { Song } from './song-library.js';
import type { Visit } from './visit-plan.js';

const POLL_MS = 700;

/** One client: sends its song, does what its visit says, and writes down what it was told. */
export class Visitor {
  /** what it is at, for the message if it does not come to an end */
  #doing = 'uploading';
  readonly #following: Promise<void>[] = [];
  /** counts the acceptances: what an earlier run was told says nothing about the present one */
  #run = 0;

  constructor(
    private readonly caller: Caller,
    private readonly ledger: Ledger,
    private readonly visit: Visit,
    private readonly song: Song,
  ) {}

  async run(): Promise<void> {
    const { violations } = this.ledger;
    const { number, intent } = this.visit;
    try {
      await this.#visit();
    } catch (error) {
      const reason = this.caller.signal.aborted ? 'the drill ended' : String(error);
      violations.add('end', `visit ${number} (${intent}) was still ${this.#doing}: ${reason}`);
    }
    await Promise.all(this.#following);
  }

  async #visit(): Promise<void> {
    const { intent, hesitatesMs, fields } = this.visit;
    if (intent === 'go away while sending') return goAway(this.caller, this.song, fields, hesitatesMs);
    if (intent === 'send what is not a song') return this.#expectRefusal();
    const id = await this.#upload();
    if (id === undefined) return;
    if (intent === 'keep') return this.#keep(id);
    if (intent.startsWith('cancel')) await this.#cancel(id);
    else await this.#delete(id);
    if (!intent.endsWith('send again')) return;
    const again = await this.#upload();
    this.ledger.violations.expect(again === id, 'right', `${id} became ${again} when it was sent again`);
    await this.#keep(id);
  }

  async #upload(): Promise<string | undefined> {
    this.#doing = 'uploading';
    const { status, body } = await sendSong(this.caller, this.song, this.visit.fields);
    if (status !== 202 && status !== 200) {
      this.ledger.violations.add('right', `upload of ${basename(this.song.path)}: ${status} ${body.toString()}`);
      return undefined;
    }
    const { id } = JSON.parse(body.toString()) as Separation;
    this.ledger.accepted(id, this.visit.owner);
    this.ledger.note(`visit ${this.visit.number} (${this.visit.intent}) is ${id}`);
    const run = ++this.#run;
    if (this.visit.follows) this.#following.push(this.#follow(id, run));
    return id;
  }

  async #expectRefusal(): Promise<void> {
    const { status } = await sendSong(this.caller, this.song, this.visit.fields);
    const refused = status >= 400 && status < 500 && status !== 404;
    this.ledger.violations.expect(refused, 'right', `${basename(this.song.path)} was answered with ${status}`);
  }

  async #follow(id: string, run: number): Promise<void> {
    const told = await follow(this.caller, id, (separation, openedAt) => {
      // what comes late on a stream may be older than what another server has told
      if (run === this.#run) this.ledger.saw(separation, openedAt);
    });
    const mayBeGone = this.visit.intent.startsWith('delete');
    const ended = told === 'the end' || (told === 'gone' && mayBeGone);
    this.ledger.violations.expect(ended, 'followers', `a follower of ${id} (${this.visit.intent}) was told ${told}`);
  }

  async #keep(id: string): Promise<void> {
    const ended = await this.#untilEnd(id);
    if (ended?.status !== 'completed') return;
    for (const what of this.visit.downloads) {
      this.#doing = `downloading ${what} of ${id}`;
      await download(this.caller, this.ledger.violations, ended, what, this.song);
    }
    this.#doing = 'listing';
    await this.caller.until('list', '/v1/separations?limit=20');
  }

  /** @returns undefined if it is not there */
  async #untilEnd(id: string): Promise<Separation | undefined> {
    this.#doing = `waiting for ${id}`;
    for (;;) {
      const { status, code, body, askedAt } = await this.caller.until('read', `/v1/separations/${id}`);
      if (status !== 200) {
        this.ledger.violations.add('end', `${id} (${this.visit.intent}) is ${status} ${code}`);
        return undefined;
      }
      const separation = JSON.parse(body.toString()) as Separation;
      this.ledger.saw(separation, askedAt);
      if (isTerminal(separation.status)) return separation;
      await pause(POLL_MS, undefined, { signal: this.caller.signal });
    }
  }

  async #cancel(id: string): Promise<void> {
    await pause(this.visit.hesitatesMs, undefined, { signal: this.caller.signal });
    this.#doing = `cancelling ${id}`;
    this.ledger.want(id, 'completed or cancelled');
    const reply = await this.caller.until('cancel', `/v1/separations/${id}/cancel`, { method: 'POST' });
    if (reply.status < 300) {
      this.ledger.want(id, 'cancelled');
      this.ledger.saw(JSON.parse(reply.body.toString()) as Separation, reply.askedAt);
    } else if (reply.status === 409) {
      // a try without an answer may have cancelled it
      if (!reply.unsure) this.ledger.want(id, 'completed');
    } else this.ledger.violations.add('end', `cancelling ${id}: ${reply.status} ${reply.code}`);
    if (this.visit.intent === 'cancel') await this.#untilEnd(id);
  }

  async #delete(id: string): Promise<void> {
    await this.#untilEnd(id);
    this.#doing = `deleting ${id}`;
    this.ledger.want(id, 'anything');
    for (;;) {
      const { status, code, unsure } = await this.caller.until('delete', `/v1/separations/${id}`, { method: 'DELETE' });
      if (status === 204 || (status === 404 && unsure)) break;
      if (status !== 409) {
        this.ledger.violations.add('gone', `deleting ${id}: ${status} ${code}`);
        return;
      }
      await pause(POLL_MS, undefined, { signal: this.caller.signal });
    }
    this.ledger.want(id, 'deleted');
    const { status } = await this.caller.until('read', `/v1/separations/${id}`);
    this.ledger.violations.expect(status === 404, 'gone', `${id} was deleted, and then answered with ${status}`);
  }
}
