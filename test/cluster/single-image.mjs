// the image `music-separation`: from nothing to stems, stopped in the middle of a song, killed, hardened, with a watched folder
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync } from 'node:fs';
import { openClient } from '../../scripts/support/client.mjs';
import { PlainError } from '../../scripts/support/fail.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { until } from '../../scripts/support/until.mjs';
import { checkStems, completed, separateAndCheck, upload, writeLongSong } from './song-check.mjs';
import { checkWatch, WatchedFolders } from './watch-check.mjs';

const HOST = '127.0.0.1';
/** `docker stop` kills after this */
const STOP_SECONDS = 10;
const LONG_SONG_SECONDS = 600;
const HARDENED = [
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--user=4321:4321',
  '--memory=2g',
];

/** @param {import('./containers.mjs').Containers} containers */
export async function checkSingleImage(containers, song, engine) {
  const { id, client } = await checkKeepsItsVolume(containers, song);
  await checkStopsInASong(containers, client, id);
  // docker mounts nothing on /tmp; podman does, unless it is told not to
  await checkHardened(containers, song, engine === 'podman' ? [...HARDENED, '--read-only-tmpfs=false'] : HARDENED);
  await checkWatched(containers, song);
}

async function checkKeepsItsVolume(containers, song) {
  const first = await start(containers, 'first', 'data');
  const { id, seconds, stems } = await separateAndCheck(first, song);
  console.log(`one container: ${stems.join(', ')} after ${seconds.toFixed(1)} s, all matching the receipt`);
  await checkRefusesASharedVolume(containers);
  await stop(containers, 'first');
  const second = await start(containers, 'second', 'data');
  await checkStems(second, id);
  console.log('another container on its volume serves the same stems');
  return { id, client: second };
}

async function checkRefusesASharedVolume(containers) {
  await containers.launch('rival', 'all', [`--volume=${containers.volume('data')}:/data`, '--env=MODEL=demo']);
  const code = await containers.ended('rival');
  const log = await containers.logs('rival');
  if (code !== 1 || !log.includes('Another container uses the volume of /data.')) {
    throw new PlainError(`${log}\nA second container on the same volume ended with ${code}: see above.`);
  }
  console.log(`a second container on the same volume is refused: ${log}`);
}

/** The second container stops while it separates, with a page open; a third one completes the song. */
async function checkStopsInASong(containers, client, id) {
  const folder = mkdtempSync(join(tmpdir(), 'long-song-'));
  try {
    const file = join(folder, 'long.wav');
    writeLongSong(file, LONG_SONG_SECONDS);
    const long = await upload(client, file);
    // as an open page does
    const events = await client.call(`/v1/separations/${long.id}/events`);
    const works = async () => (await client.status(long.id)).progress.percent > 1;
    if (!(await until(works, { timeoutMs: 120_000 }))) throw new PlainError(`${long.id} did not start`);
    await stop(containers, 'second');
    await events.body.cancel().catch(() => undefined);
    const third = await start(containers, 'third', 'data');
    await checkStems(third, id);
    await completed(third, long.id);
    console.log('the song that was running when it stopped is completed by the next container');
    await containers.kill('third');
    await checkStems(await start(containers, 'fourth', 'data'), long.id);
    console.log('after a kill -9, the next container takes the volume');
    await stop(containers, 'fourth');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkHardened(containers, song, options) {
  const client = await start(containers, 'hardened', 'other', options);
  const { seconds } = await separateAndCheck(client, song);
  console.log(`${options.join(' ')}: all stems after ${seconds.toFixed(1)} s`);
  await stop(containers, 'hardened');
}

async function checkWatched(containers, song) {
  const folders = new WatchedFolders();
  const { songs, library, options } = folders;
  const places = [`--volume=${songs}:/songs:ro`, `--volume=${library}:/library`];
  const settings = ['--env=WATCH_DIR=/songs', '--env=LIBRARY_DIR=/library', `--env=WATCH_OPTIONS=${options}`];
  let times = 0;
  try {
    console.log('one container with a watched folder:');
    await checkWatch(folders, song, {
      start: () => start(containers, `watch-${(times += 1)}`, 'watched', [...places, ...settings]),
      stop: () => stop(containers, `watch-${times}`),
    });
  } finally {
    await containers.remove();
    folders.remove();
  }
}

async function start(containers, name, volume, options = []) {
  const port = await freePort(HOST);
  const places = [`--publish=${HOST}:${port}:3000`, `--volume=${containers.volume(volume)}:/data`, '--env=MODEL=demo'];
  const begin = Date.now();
  // podman may be set to share the host's network
  await containers.launch(name, 'all', ['--network=bridge', ...places, ...options]);
  await containers.ready(port, name);
  console.log(`${name} container: ready after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  return openClient(`http://${HOST}:${port}`);
}

async function stop(containers, name) {
  const { code, seconds } = await containers.stop(name);
  console.log(`${name} container: stopped in ${seconds.toFixed(1)} s, exit code ${code}`);
  if (code !== 0 || seconds > STOP_SECONDS) {
    throw new PlainError(`${await containers.logs(name)}\n${name} did not stop cleanly: see above.`);
  }
}
