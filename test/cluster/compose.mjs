// a project of compose.yaml in a folder that has nothing but that file, .env and Caddyfile: as for a user without sources
import { randomBytes, randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';
import { run } from '../../scripts/support/run.mjs';

export const secret = () => randomBytes(24).toString('hex');

export class ComposeProject {
  #command;
  #folder = mkdtempSync(join(tmpdir(), 'compose-'));
  name = `separation-${randomUUID().slice(0, 8)}`;
  #profiles = [];

  /** @param {string} command `docker compose`, or a program that takes the same arguments */
  constructor(command) {
    this.#command = command.split(' ');
    for (const file of ['compose.yaml', 'compose.gpu.yaml', 'Caddyfile'])
      copyFileSync(join(root, file), join(this.#folder, file));
  }

  /** Writes .env. */
  set(settings, profiles = []) {
    this.#profiles = profiles;
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(this.#folder, '.env'), lines.join(''));
  }

  /** @param {number} workers worker-servers */
  up(workers = 1) {
    return this.run('up', '--detach', '--no-build', '--scale', `worker-server=${workers}`);
  }

  /** Stops the containers, and keeps them. */
  stop() {
    return this.run('stop');
  }

  /** What Compose makes of the files, with the override for GPUs. */
  gpuConfig() {
    return this.run('--file', join(this.#folder, 'compose.gpu.yaml'), 'config');
  }

  /** Removes the containers, and keeps the volumes. */
  down(...options) {
    // podman-compose counts further workers as orphans
    return this.run('down', '--remove-orphans', ...options);
  }

  logs(service) {
    return this.run('logs', service);
  }

  async remove() {
    await this.down('--volumes').finally(() => rmSync(this.#folder, { recursive: true }));
  }

  async run(...args) {
    const [command, ...first] = this.#command;
    const project = ['--project-name', this.name, '--file', join(this.#folder, 'compose.yaml')];
    const profiles = this.#profiles.flatMap((profile) => ['--profile', profile]);
    const { code, output } = await run(command, [...first, ...project, ...profiles, ...args], { quiet: true });
    if (code !== 0) throw new PlainError(`${output}\n${this.#command.join(' ')} ${args[0]} failed: see above.`);
    return output;
  }
}
