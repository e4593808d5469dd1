// podman or docker for `npm run test:containers`: user 1000, read-only roots, no capabilities
import { randomUUID } from 'node:crypto';
import { PlainError } from '../../scripts/support/fail.mjs';
import { root, version } from '../../scripts/support/paths.mjs';
import { freePort } from '../../scripts/service/ports.mjs';
import { run } from '../../scripts/support/run.mjs';
import { until } from '../../scripts/support/until.mjs';

/** the file of each image, and its target if it is not the default one */
const IMAGES = {
  api: ['Dockerfile.api'],
  worker: ['Dockerfile.worker'],
  backends: ['test/cluster/Dockerfile'],
  all: ['Dockerfile.worker', 'all'],
  'stand-ins': ['test/cluster/Dockerfile', 'stand-ins'],
};
const HARDENED = ['--user=1000:1000', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
const READY_MS = 120_000;
const HOST = '127.0.0.1';

const suffix = (name) => (name === 'all' ? '' : `-${name}`);

/** The full name of an image that `build` makes. */
export const imageName = (name, tag = version) => `localhost/music-separation${suffix(name)}:${tag}`;

export class Containers {
  #command;
  #started = [];
  #volumes = new Set();
  #name = `separation-${randomUUID().slice(0, 8)}`;

  /** @param {'podman' | 'docker'} command */
  constructor(command) {
    this.#command = command;
  }

  /** @param {(keyof typeof IMAGES)[]} names */
  async build(nodeImage, names) {
    const extra = this.#command === 'podman' ? ['--format=docker', '--isolation=oci'] : [];
    for (const name of names) {
      const begin = Date.now();
      const [file, target] = IMAGES[name];
      const base = ['--build-arg', `NODE_IMAGE=${nodeImage}`, ...(target ? ['--target', target] : [])];
      await this.run('build', ...extra, '--network=host', '--tag', imageName(name), '--file', file, ...base, root);
      console.log(`built ${name} in ${Math.round((Date.now() - begin) / 1000)} s`);
    }
  }

  /** @returns {Promise<number>} MB, unpacked */
  async size(image) {
    return Math.round(Number(await this.run('image', 'inspect', '--format', '{{.Size}}', imageName(image))) / 1e6);
  }

  async start(name, image, env, { volumes = [], command = [] } = {}) {
    const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    const mounts = volumes.flatMap((path) => ['--tmpfs', `${path}:rw,mode=1777`]);
    const options = ['--network=host', ...HARDENED, ...variables, ...mounts];
    await this.launch(name, image, options, command);
  }

  /** Starts a container with these options alone. */
  async launch(name, image, options, command = []) {
    const container = `${this.#name}-${name}`;
    this.#started.push(container);
    await this.run('run', '--detach', '--name', container, ...options, imageName(image), ...command);
  }

  /** Stops a container as `docker stop` does. Returns its exit code, and the seconds it took. */
  async stop(name) {
    const begin = Date.now();
    await this.run('stop', `${this.#name}-${name}`);
    const code = await this.run('inspect', '--format', '{{.State.ExitCode}}', `${this.#name}-${name}`);
    return { code: Number(code), seconds: (Date.now() - begin) / 1000 };
  }

  /** Kills a container as a lack of memory or power would. */
  async kill(name) {
    await this.run('kill', '--signal', 'KILL', `${this.#name}-${name}`);
    await this.ended(name);
  }

  /** Waits until a container has ended by itself. Returns its exit code. */
  async ended(name) {
    return Number(await this.run('wait', `${this.#name}-${name}`));
  }

  /** How the containers of a Compose project have ended, such as `Exited (0) 2 seconds ago`. */
  async endings(project) {
    const filter = `label=com.docker.compose.project=${project}`;
    const lines = await this.run('ps', '--all', '--filter', filter, '--format', '{{.Names}} {{.Status}}');
    return lines.split('\n');
  }

  /** The full name of a volume, which `remove` removes. */
  volume(name) {
    const volume = `${this.#name}-${name}`;
    this.#volumes.add(volume);
    return volume;
  }

  logs(name) {
    return this.run('logs', `${this.#name}-${name}`);
  }

  async ready(port, name) {
    const answers = async () => {
      const signal = AbortSignal.timeout(2000);
      const answer = await fetch(`http://${HOST}:${port}/health/ready`, { signal }).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok === true;
    };
    if (await until(answers, { timeoutMs: READY_MS })) return;
    throw new PlainError(`${await this.logs(name)}\n${name} did not become ready: see above.`);
  }

  /** Starts a Redis and an S3 server. Returns the variables that point to them. */
  async startBackends() {
    const redis = String(await freePort(HOST));
    const durable = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];
    await this.start(
      'redis',
      'backends',
      {},
      { volumes: ['/data'], command: ['redis-server', '--port', redis, '--bind', HOST, '--dir', '/data', ...durable] },
    );
    const [accessKey, secretKey, s3] = ['containers', this.#name, await freePort(HOST)];
    const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
    const identities = [{ name: 'songs', credentials: [{ accessKey, secretKey }], actions }];
    const weed = await seaweed(s3);
    await this.start(
      's3',
      'backends',
      { IDENTITIES: JSON.stringify({ identities }) },
      { volumes: ['/data', '/tmp'], command: ['sh', '-c', `printf %s "$IDENTITIES" > /tmp/s3.json && exec ${weed}`] },
    );
    return {
      REDIS_URL: `redis://${HOST}:${redis}`,
      STORAGE: 's3',
      S3_ENDPOINT: `http://${HOST}:${s3}`,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
    };
  }

  async remove() {
    for (const container of this.#started.reverse()) {
      await run(this.#command, ['rm', '--force', '--volumes', container], { quiet: true });
    }
    for (const volume of this.#volumes) await run(this.#command, ['volume', 'rm', volume], { quiet: true });
  }

  async run(...args) {
    const { code, output } = await run(this.#command, args, { quiet: true });
    if (code !== 0) throw new PlainError(`${output}\n${this.#command} ${args[0]} failed: see above.`);
    return output.trim();
  }
}

/** Returns the command of an S3 server. Its internal ports are free ones too. */
async function seaweed(port) {
  const flags = [];
  for (const part of ['master', 'master.grpc', 'volume', 'volume.grpc', 'filer', 'filer.grpc', 's3.grpc']) {
    const [name, grpc] = part.split('.');
    flags.push(`-${name}.port${grpc ? '.grpc' : ''}=${await freePort(HOST)}`);
  }
  const quiet = '-master.peers=none -master.telemetry=false -s3.iam=false -s3.port.iceberg=0 -s3.port.lance=0';
  const volumes = '-master.volumeSizeLimitMB=64 -volume.max=0';
  const s3 = `-filer -s3 -s3.port=${port} -s3.config=/tmp/s3.json`;
  return `weed server -dir=/data -ip=${HOST} -ip.bind=${HOST} ${quiet} ${volumes} ${s3} ${flags.join(' ')}`;
}
