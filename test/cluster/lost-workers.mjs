// deletes workers in the middle of a song and measures how soon another takes over, for `npm run test:cluster`
import { join } from 'node:path';
import { PlainError } from '../../scripts/support/fail.mjs';
import { checkStems, completed, upload, writeLongSong } from './song-check.mjs';
import { WORKERS, whoHas, workersReady } from './workers.mjs';

const LONG_SONG_SECONDS = 900;
/** a running worker takes over the job of a killed one within this time */
const BACK_WITHIN_SECONDS = 20;
const QUOTA = 'no-new-pods';
const BY_FORCE = ['--grace-period=0', '--force'];

export class LostWorkers {
  #cluster;
  #say;

  constructor(cluster, say) {
    this.#cluster = cluster;
    this.#say = say;
  }

  /** Deletes workers gracefully, by force, and all at once. The song still completes. */
  async survived(service, folder) {
    const song = join(folder, 'long.wav');
    writeLongSong(song, LONG_SONG_SECONDS);
    await workersReady(this.#cluster, 2);
    const { id } = await upload(service, song);
    const first = await whoHas(this.#cluster, id);
    const polite = await this.#withoutNewPods(() => this.#lose(service, id, [first], []));
    this.#tell('a worker was deleted gracefully', polite, 'another running worker');
    await workersReady(this.#cluster, 2);
    const forced = await this.#withoutNewPods(() => this.#lose(service, id, [polite.next], BY_FORCE));
    this.#tell('a worker was deleted by force', forced, 'another running worker');
    if (forced.seconds > BACK_WITHIN_SECONDS) {
      throw new PlainError(`no other worker took over a killed worker's song within ${BACK_WITHIN_SECONDS} s`);
    }
    const all = (await this.#cluster.pods(WORKERS)).map(({ metadata }) => metadata.name);
    const restarted = await this.#lose(service, id, all, BY_FORCE);
    this.#tell('all workers were deleted by force', restarted, 'a new pod');
    await completed(service, id);
    await checkStems(service, id);
    this.#say('the song completed, and every stem matches its receipt');
  }

  /** @returns {Promise<{ next: string, percent: number, seconds: number }>} the pod that took over, and after how long */
  async #lose(service, id, pods, how) {
    const { progress } = await service.status(id, { signal: AbortSignal.timeout(10_000) });
    if (progress.percent >= 100) throw new PlainError('the long song ended before its worker could be deleted');
    const before = new Set((await this.#cluster.pods(WORKERS)).map(({ metadata }) => metadata.name));
    const deleted = Date.now();
    await this.#cluster.kubectl('delete', 'pod', ...pods, '--wait=false', ...how);
    const next = await whoHas(this.#cluster, id, new Set(pods));
    const seconds = (Date.now() - deleted) / 1000;
    if (pods.length < before.size && !before.has(next)) {
      throw new PlainError(`the new pod ${next} took over the song; a running worker should have`);
    }
    return { next, percent: progress.percent, seconds };
  }

  /** Keeps a replacement pod from starting before the job's lock ends and taking the job from a running worker. */
  async #withoutNewPods(work) {
    await this.#cluster.kubectl('create', 'quota', QUOTA, '--hard=pods=0');
    try {
      return await work();
    } finally {
      await this.#cluster.kubectl('delete', 'quota', QUOTA);
    }
  }

  #tell(what, { percent, seconds }, who) {
    this.#say(
      `${what} at ${Math.round(percent)} % of a song of ${LONG_SONG_SECONDS / 60} min: ` +
        `${who} took over ${Math.round(seconds)} s later`,
    );
  }
}
