// a service that separates many songs, and what each of them costs
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openClient, songFile } from '../../scripts/support/client.mjs';
import { until } from '../../scripts/support/until.mjs';
import { RedisUsage, childrenOf, cpuOf } from './usage.mjs';
import { memoryOf } from './workbench.mjs';

const UPLOADS_AT_ONCE = 4;
const IDLE_MS = 5000;
const ENDED_MS = 3_600_000;
const WATCH_MS = 100;

export class SongLine {
  #sent = 0;
  #ffmpegs = { number: 0, bytes: 0 };

  /**
   * @param {{ folder: string, song: Buffer, store: object, engineState: string, last?: string }} options
   * folder: of songs to upload. song: an MP3; each upload has another title, so it is another song with equal samples.
   * engineState: where the engine tells the CPU time of what a GPU would do. last: the document of each song that is
   * waited for
   */
  constructor(service, { folder, song, store, engineState, last = 'manifest.json' }) {
    this.service = service;
    this.folder = folder;
    this.song = song;
    this.store = store;
    this.engineState = engineState;
    this.last = last;
    this.redis = new RedisUsage(service.env.REDIS_URL);
  }

  /** Fills caches, and measures an idle Redis. */
  async warmUp() {
    await this.#separate(2);
    await this.#rest();
    const before = await this.redis.read();
    await this.#rest();
    this.idle = difference(await this.redis.read(), before);
    this.watch = setInterval(() => void this.#watchFfmpegs(), WATCH_MS);
  }

  /**
   * Separates songs. Returns songs per hour from the first upload to the last manifest, for each song the CPU seconds by
   * process and the work of Redis, and the manifests.
   */
  async run(songs) {
    const [cpuBefore, redisBefore] = [await this.#cpu(), await this.redis.read()];
    const began = performance.now();
    const manifests = await this.#separate(songs);
    const seconds = (performance.now() - began) / 1000;
    await this.#rest();
    const periods = (performance.now() - began) / IDLE_MS;
    const used = difference(await this.redis.read(), redisBefore);
    const redis = mapValues(used, (amount, name) => (amount - periods * (this.idle[name] ?? 0)) / songs);
    const cpu = mapValues(difference(await this.#cpu(), cpuBefore), (amount) => amount / songs);
    return { perHour: (3600 * songs) / seconds, cpu, redis, manifests };
  }

  /** Peaks of resident memory since the start, in bytes; of ffmpeg, the largest process and how many there were at once. */
  async memory() {
    const peaks = Object.entries(await this.#pids()).map(async ([name, pid]) => [name, await memoryOf(pid, 'VmHWM')]);
    return { processes: Object.fromEntries(await Promise.all(peaks)), ffmpegs: this.#ffmpegs };
  }

  async close() {
    clearInterval(this.watch);
    this.redis.close();
    await this.service.stop();
  }

  async #pids() {
    const worker = this.service.pid('worker-server');
    const [engine] = await childrenOf(worker, 'python');
    return { 'rest-server': this.service.pid('rest-server'), worker, engine, Redis: this.service.pid('redis') };
  }

  async #cpu() {
    const { engine, Redis, worker, 'rest-server': server } = await this.#pids();
    const [ofServer, ofWorker, ofEngine] = await Promise.all([server, worker, engine].map(cpuOf));
    const { device: ofDevice } = JSON.parse(await readFile(this.engineState, 'utf8'));
    return {
      'rest-server': ofServer.own,
      'main thread of rest-server': ofServer.main,
      'ffmpeg of rest-server': ofServer.children,
      worker: ofWorker.own,
      'main thread of the worker': ofWorker.main,
      'children of the worker': ofWorker.children,
      engine: ofEngine.own - ofDevice.all,
      'main thread of the engine': ofEngine.main - ofDevice.main,
      device: ofDevice.all,
      Redis: (await cpuOf(Redis)).own,
      S3: await this.store.cpu(),
    };
  }

  async #separate(count) {
    const client = await openClient(this.service.url);
    const ids = [];
    const last = this.#sent + count;
    const upload = async () => {
      while (this.#sent < last) {
        this.#sent += 1;
        ids.push(await uploadSong(client, this.folder, `song-${this.#sent}`, this.song));
      }
    };
    await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, upload));
    const waiting = new Set(ids);
    const haveEnded = async () => {
      for (const id of waiting) {
        if ((await this.store.read(`separations/${id}/${this.last}`)) === undefined) return false;
        waiting.delete(id);
      }
      return true;
    };
    if (!(await until(haveEnded, { timeoutMs: ENDED_MS }))) throw new Error('not every song has ended');
    return Promise.all(ids.map(async (id) => JSON.parse(await this.store.read(`separations/${id}/manifest.json`))));
  }

  /** What comes after the last manifest also belongs to its song. */
  #rest() {
    return new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  }

  async #watchFfmpegs() {
    const pids = await childrenOf(this.service.pid('worker-server'), 'ffmpeg');
    const bytes = await Promise.all(pids.map((pid) => memoryOf(pid, 'VmHWM')));
    this.#ffmpegs = {
      number: Math.max(this.#ffmpegs.number, pids.length),
      bytes: Math.max(this.#ffmpegs.bytes, ...bytes),
    };
  }
}

/** Uploads an MP3 with a title, and returns the separation's id. */
export async function uploadSong(client, folder, title, song) {
  const path = join(folder, `${title}.mp3`);
  await writeFile(path, Buffer.concat([titleTag(title), song]));
  return (await client.upload(await songFile(path))).id;
}

/** An ID3v2.3 tag with a title alone. */
function titleTag(title) {
  const text = Buffer.from(`\0${title}`, 'latin1');
  const frame = Buffer.concat([Buffer.from('TIT2'), Buffer.from([0, 0, 0, text.length, 0, 0]), text]);
  return Buffer.concat([Buffer.from('ID3\x03\0\0'), Buffer.from([0, 0, 0, frame.length]), frame]);
}

export function mapValues(of, change) {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, change(value, name)]));
}

const difference = (after, before) => mapValues(after, (value, name) => value - (before[name] ?? 0));
