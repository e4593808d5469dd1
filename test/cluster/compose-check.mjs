// compose.yaml: from nothing to stems, stopped, upgraded with its data kept; with two workers, S3, https and a watched folder
import { request } from 'node:https';
import { once } from 'node:events';
import { openClient } from '../../scripts/support/client.mjs';
import { PlainError } from '../../scripts/support/fail.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { until } from '../../scripts/support/until.mjs';
import { ComposeProject, secret } from './compose.mjs';
import { imageName } from './containers.mjs';
import { checkStems, separateAndCheck } from './song-check.mjs';
import { checkWatch, WatchedFolders } from './watch-check.mjs';

const HOST = '127.0.0.1';
const NAME = 'music.home.arpa';
const OTHER_VERSION = 'upgraded';

/** @param {import('./containers.mjs').Containers} containers */
export async function checkCompose(containers, command, song) {
  for (const name of ['api', 'worker']) await containers.run('tag', imageName(name), imageName(name, OTHER_VERSION));
  await inProject(command, 'folder', async (project) => {
    const settings = { ...(await basics()), WORKER_PREFETCH: 0 };
    project.set(settings);
    await checkGpus(project);
    await checkUpgrade(containers, project, settings, song);
  });
  await inProject(command, 'profile s3', async (project) => {
    const keys = { STORAGE: 's3', S3_ACCESS_KEY: 'songs', S3_SECRET_KEY: secret() };
    await checkUpgrade(containers, project, { ...(await basics()), ...keys }, song, ['s3']);
  });
  await inProject(command, 'profile https', (project) => checkHttps(project, song));
  await inProject(command, 'profile watch', (project) => checkWatched(project, song));
}

async function inProject(command, title, check) {
  const project = new ComposeProject(command);
  try {
    console.log(`compose, ${title}:`);
    await check(project);
  } finally {
    await project.remove();
  }
}

const basics = async () => ({ MODEL: 'demo', PORT: await freePort(HOST) });

async function checkUpgrade(containers, project, settings, song, profiles = []) {
  project.set(settings, profiles);
  const client = await start(project, settings, 2);
  const { id, seconds, stems } = await separateAndCheck(client, song);
  console.log(`  ${stems.join(', ')} after ${seconds.toFixed(1)} s, all matching the receipt`);
  await logsShow(project, id);
  await project.down();
  project.set({ ...settings, VERSION: OTHER_VERSION }, profiles);
  const upgraded = await start(project, settings, 1);
  await checkStems(upgraded, id);
  // other options: it is separated again
  await separateAndCheck(upgraded, song, { shifts: 1 });
  console.log('  stopped and upgraded: it serves the same stems, and separates the next song');
  await stop(containers, project);
}

/** No GPU is needed to see what would be started. */
async function checkGpus(project) {
  const config = await project.gpuConfig();
  for (const part of ['music-separation-worker-cuda', 'driver: nvidia', 'DEVICE: cuda']) {
    if (!config.includes(part)) throw new PlainError(`${config}\ncompose.gpu.yaml adds no "${part}": see above.`);
  }
  console.log('  compose.gpu.yaml adds its image, its device and its setting');
}

async function stop(containers, project) {
  const begin = Date.now();
  await project.stop();
  const seconds = (Date.now() - begin) / 1000;
  const endings = await containers.endings(project.name);
  const unclean = endings.filter((line) => !line.includes('Exited (0)'));
  if (unclean.length > 0)
    throw new PlainError(`${unclean.join('\n')}\nNot every container stopped cleanly: see above.`);
  console.log(`  ${endings.length} containers stopped in ${seconds.toFixed(1)} s, all with exit code 0`);
}

async function checkWatched(project, song) {
  const folders = new WatchedFolders();
  const { songs, library, options } = folders;
  const settings = { ...(await basics()), WATCH_DIR: songs, LIBRARY_DIR: library, WATCH_OPTIONS: options };
  project.set(settings, ['watch']);
  try {
    await checkWatch(folders, song, { start: () => start(project, settings, 1), stop: () => project.down() });
  } catch (error) {
    console.error(await project.logs('watch'));
    throw error;
  } finally {
    await project.down();
    folders.remove();
  }
}

async function checkHttps(project, song) {
  const port = await freePort(HOST);
  const settings = { ...(await basics()), HTTPS_HOST: NAME, HTTPS_PORT: port, TRUSTED_PROXIES: 1 };
  project.set(settings, ['https']);
  const client = await start(project, settings, 1);
  const { id } = await separateAndCheck(client, song);
  let ca;
  const hasAuthority = async () => {
    ca = await project
      .run('exec', '-T', 'https', 'cat', '/tmp/caddy/pki/authorities/local/root.crt')
      .catch(() => undefined);
    return ca !== undefined;
  };
  if (!(await until(hasAuthority, { timeoutMs: 60_000 }))) throw new PlainError(await project.logs('https'));
  const certificate = ca.slice(ca.indexOf('-----BEGIN'));
  for (const path of ['/', `/v1/separations/${id}`]) {
    const status = await statusOf(path, port, certificate);
    if (status !== 200) throw new PlainError(`https://${NAME}${path} answered ${status}`);
  }
  console.log(`  the page and the song at https://${NAME}, with a certificate of its own authority`);
}

/** The server is named in the handshake; the certificate must be of this authority. */
async function statusOf(path, port, ca) {
  const call = request({ host: HOST, port, path, servername: NAME, headers: { host: NAME }, ca, agent: false });
  call.end();
  const [answer] = await once(call, 'response');
  answer.destroy();
  return answer.statusCode;
}

async function start(project, settings, workers) {
  const begin = Date.now();
  await project.up(workers);
  const client = await openClient(`http://${HOST}:${settings.PORT}`);
  const isReady = async () => {
    const signal = AbortSignal.timeout(2000);
    const answer = await client.call('/health/ready', { signal }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined;
  };
  if (!(await until(isReady, { timeoutMs: 180_000 }))) {
    throw new PlainError(`${await project.logs('rest-server')}\nrest-server did not become ready: see above.`);
  }
  console.log(`  up after ${((Date.now() - begin) / 1000).toFixed(1)} s, with ${workers} worker-servers`);
  return client;
}

async function logsShow(project, id) {
  const shown = async () => {
    const lines = (await project.logs('logs')).split('\n').filter((line) => line.includes(id));
    return ['rest-server', 'worker-server'].every((service) => lines.some((line) => line.includes(service)));
  };
  if (!(await until(shown, { timeoutMs: 20_000 })))
    throw new PlainError(`logs printed no lines of both services on ${id}`);
}
