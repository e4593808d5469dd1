// what the benchmarks share: a temporary folder, random full-size weights, songs of any length
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalService } from '../../scripts/service/local-service.mjs';
import { enginePython, root, venvBin } from '../../scripts/support/paths.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { mustRun, run } from '../../scripts/support/run.mjs';

const DEMO_SONG = join(root, 'demo', 'demo-song.mp3');

export class Workbench {
  #services = [];

  static async open() {
    const { output } = await run(
      enginePython,
      ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'],
      { quiet: true },
    );
    return new Workbench(mkdtempSync(join(tmpdir(), 'separation-bench-')), output.trim());
  }

  constructor(folder, ffmpeg) {
    this.folder = folder;
    this.ffmpeg = ffmpeg;
  }

  get modelsDir() {
    return join(this.folder, 'weights', 'models');
  }

  /** folder for `demucs --repo` */
  get stockRepo() {
    return join(this.folder, 'weights', 'stock');
  }

  /** Makes full-size models with random weights, for the service and for the stock command. */
  async makeRandomModels(names) {
    await mustRun(
      'Cannot make the weights.',
      enginePython,
      [join(root, 'bench', 'random_model.py'), join(this.folder, 'weights'), ...names],
      { quiet: true },
    );
  }

  /** The machine's matrix-multiply rate and the work of htdemucs; see machine_rate.py. */
  async machineRate() {
    const { output } = await run(enginePython, [join(root, 'bench', 'machine_rate.py')], { quiet: true });
    return JSON.parse(output.trim().split('\n').at(-1));
  }

  /** Wall time of one call of the stock command for these songs, in seconds. */
  async stockCommand(model, songs) {
    const began = performance.now();
    const out = join(this.folder, 'stock-out');
    const args = ['-n', model, '--repo', this.stockRepo, '-d', 'cpu', '-o', out, ...songs];
    await mustRun('The stock command failed.', join(venvBin, 'demucs'), args, { quiet: true });
    return (performance.now() - began) / 1000;
  }

  /** Makes a song of a length from the demo song, from a second of it on. Variants differ in volume. */
  async makeSong(seconds, { extension = 'mp3', variant = 0, start = 0 } = {}) {
    const file = join(this.folder, `song-${seconds}-${variant}-${start}.${extension}`);
    const volume = `volume=${(1 - variant / 100).toFixed(2)}`;
    const args = [
      '-v',
      'error',
      '-nostdin',
      '-y',
      '-stream_loop',
      '-1',
      '-i',
      DEMO_SONG,
      '-ss',
      String(start),
      '-t',
      String(seconds),
      '-af',
      volume,
      file,
    ];
    await mustRun('Cannot make the song.', this.ffmpeg, args, { quiet: true });
    return file;
  }

  /** Starts a service of its own and waits until it is ready. `close` stops it. */
  async startService(env) {
    const [port, workerPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const settings = {
      DATA_DIR: join(this.folder, `data-${port}`),
      MODELS_DIR: this.modelsDir,
      RATE_LIMIT_PER_MINUTE: '0',
      LOG_LEVEL: 'warn',
    };
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'REDIS_URL'));
    const service = new LocalService({
      host: '127.0.0.1',
      port,
      workerPort,
      env: { ...inherited, ...settings, ...env },
    });
    this.#services.push(service);
    await service.start({ showLogs: false });
    return service;
  }

  async close() {
    await Promise.all(this.#services.map((service) => service.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `VmHWM` or `VmRSS` of a process, in bytes. 0 if the process is gone. */
export async function memoryOf(pid, field) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0) * 1024;
}
