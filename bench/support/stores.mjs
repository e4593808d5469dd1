// where a benchmarked service keeps its songs: in a folder, or in a real S3 server
import { mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client } from 'minio';
import '../../scripts/support/typescript.mjs';
import { childrenOf, cpuOf } from './usage.mjs';

export class FolderStore {
  static start(folder) {
    return new FolderStore(mkdtempSync(join(folder, 'data-')));
  }

  constructor(folder) {
    this.folder = folder;
    this.env = { DATA_DIR: folder };
  }

  /** Text of an object; undefined if there is none. */
  read(key) {
    return readFile(join(this.folder, 'objects', key), 'utf8').catch(() => undefined);
  }

  /** CPU seconds of a server of its own. */
  cpu() {
    return 0;
  }

  stop() {}
}

export class S3Store {
  static async start() {
    const { startS3Server } = await import('../../test/support/servers/s3-server.ts');
    const { s3Environment } = await import('../../test/support/servers/s3-environment.ts');
    const server = await startS3Server('songs', { given: false });
    const [pid] = await childrenOf(process.pid, 'weed');
    return new S3Store(server, s3Environment(server.config), pid);
  }

  constructor(server, env, pid) {
    const { endpoint, accessKey, secretKey, bucket } = server.config;
    this.server = server;
    this.env = env;
    this.pid = pid;
    this.bucket = bucket;
    const address = { endPoint: endpoint.hostname, port: Number(endpoint.port), useSSL: false };
    this.client = new Client({ ...address, accessKey, secretKey });
  }

  async read(key) {
    try {
      return await text(await this.client.getObject(this.bucket, key));
    } catch (error) {
      if (error.code === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async cpu() {
    return (await cpuOf(this.pid)).own;
  }

  stop() {
    return this.server.stop();
  }
}
