import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadWorkerConfig } from '@app/config';
import { processesWith } from '../../../../test/support/service/process-list.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import { scriptEngine } from '../../test/scripted-engine.js';
import { EngineClient } from './engine.client.js';
import { EngineLostError } from './engine.errors.js';
import { engineConfigs, Engines } from './engines.js';

/** Tells the GPUs that it sees. A separation ends once its file is there; one that is named `die` ends the engine. */
const SCRIPT = `
import pathlib
facts["deviceName"] = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
say(**facts)
beating()
def work(id):
    while not pathlib.Path(os.environ["GATES"], id).exists(): time.sleep(0.01)
    say(**{**facts, "type": "result"}, id=id, model="demo", signature=[], weightsSha256="w", networks=[], samples=1,
      sampleRate=44100, stems=[], gainDb=0, residualDb=None, seconds=dict(load=0, separate=0))
for command in commands:
    if command["type"] == "shutdown": break
    if command.get("id") == "die": os._exit(1)
    if command["type"] == "separate": threading.Thread(target=work, args=(command["id"],), daemon=True).start()
`;

describe(Engines.name, () => {
  let folder: string;
  let sut: Engines;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engines-'));
  });
  afterEach(async () => {
    await sut.stop();
    expect(processesWith(folder)).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    const PYTHONPATH = await scriptEngine(folder, SCRIPT);
    const settings = { PATH: '/usr/bin:/bin', MODEL: 'demo', DATA_DIR: folder, GATES: folder, PYTHONPATH };
    const { engine } = loadWorkerConfig({ ...settings, DEVICE: 'cuda', ...env });
    const observer = { stateChanged: ignore, ended: ignore, memoryUsed: ignore, log: ignore };
    const clients = engineConfigs(engine).map((config) => new EngineClient(config, observer));
    sut = new Engines(clients, 1);
    sut.start();
    await waitUntil('all engines to be ready', () => sut.ready === engine.engines);
  }

  /** @returns the GPUs of the engine that did it */
  async function separate(id: string): Promise<string> {
    const separation = {
      id,
      requestId: '',
      input: '',
      outputDir: '',
      model: 'demo',
      stems: [],
      overlap: 0.25,
      shifts: 0,
    };
    const signal = new AbortController().signal;
    return (await sut.separate(separation, { signal, onProgress: ignore })).deviceName;
  }

  const finish = (id: string): Promise<void> => writeFile(join(folder, id), '');

  it('gives each engine a GPU, and spreads separations over them', async () => {
    await start({ ENGINES: '3' });
    const running = ['a', 'b', 'c'].map((id) => separate(id));
    await Promise.all(['a', 'b', 'c'].map(finish));
    expect((await Promise.all(running)).sort()).toEqual(['0', '1', '2']);
  });

  it('gives them the GPUs that are visible, and an only engine all of them', async () => {
    await start({ ENGINES: '2', CUDA_VISIBLE_DEVICES: 'GPU-7, 3' });
    const running = ['a', 'b'].map((id) => separate(id));
    await Promise.all(['a', 'b'].map(finish));
    expect((await Promise.all(running)).sort()).toEqual(['3', 'GPU-7']);
    const one = loadWorkerConfig({ CUDA_VISIBLE_DEVICES: '2,3' }).engine;
    expect(engineConfigs(one)).toEqual([one]);
  });

  it('lets a separation wait for the engine with the fewest', async () => {
    await start({ ENGINES: '2' });
    const [first, second] = [separate('a'), separate('b')];
    const third = separate('c');
    await finish('c');
    await finish('a');
    const device = await first;
    expect(await third).toBe(device);
    await finish('b');
    expect(await second).not.toBe(device);
  });

  it('goes on with the others while one is down', async () => {
    await start({ ENGINES: '2' });
    await expect(separate('die')).rejects.toThrow(EngineLostError);
    expect(sut.ready).toBe(1);
    await expect(sut.ping()).resolves.toBeUndefined();
    await finish('a');
    expect(await separate('a')).toBe('1');
    await waitUntil('the other to be back', () => sut.ready === 2);
  });
});

function ignore(): void {
  // not watched
}
