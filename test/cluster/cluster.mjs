// kubectl, helm and the chart with stand-ins for Bitnami's subcharts, for `npm run test:cluster`
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlainError } from '../../scripts/support/fail.mjs';
import { root } from '../../scripts/support/paths.mjs';

const MAX_OUTPUT = 64 * 1024 * 1024;

/** Returns the command's standard output. A failure ends the test. */
async function output(command, args) {
  try {
    return (await promisify(execFile)(command, args, { maxBuffer: MAX_OUTPUT })).stdout;
  } catch (error) {
    throw new PlainError(`${error.stdout ?? ''}\n${error.message}`);
  }
}

export class Cluster {
  constructor(namespace) {
    this.namespace = namespace;
  }

  kubectl(...args) {
    return output('kubectl', ['--namespace', this.namespace, ...args]);
  }

  async json(...args) {
    return JSON.parse(await this.kubectl(...args, '--output', 'json'));
  }

  helm(...args) {
    return output('helm', ['--namespace', this.namespace, ...args]);
  }

  /** Returns the decoded entries of a Secret. */
  async secret(name, namespace = this.namespace) {
    const { data } = JSON.parse(await output('kubectl', ['-n', namespace, 'get', 'secret', name, '--output', 'json']));
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }

  /** Returns the pods that are not being deleted. */
  async pods(selector) {
    const { items } = await this.json('get', 'pods', '--selector', selector);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async address(node) {
    const service = await this.json('get', 'service', 'rest-server');
    const nodes = JSON.parse(await output('kubectl', ['get', 'nodes', '--output', 'json']));
    const found = nodes.items[0].status.addresses.find(({ type }) => type === 'InternalIP').address;
    return `http://${node ?? found}:${service.spec.ports[0].nodePort}`;
  }
}

/** Calls back with a copy of the chart that contains the stand-ins, then removes the copy. */
export async function withStandIns(use) {
  const chart = join(root, 'charts', 'music-separation');
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    cpSync(chart, folder, { recursive: true, filter: (path) => path !== join(chart, 'charts') });
    cpSync(join(root, 'test', 'cluster', 'subcharts'), join(folder, 'charts'), { recursive: true });
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
