import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { RedisConnections, RedisModule } from '@app/redis';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import * as standIn from 'nestjs-minio-client';
import { FolderObjectStore } from './folder/folder-object-store.js';
import { ObjectStore } from './object-store.js';
import { S3ObjectStore } from './s3/s3-object-store.js';
import { StorageModule } from './storage.module.js';

const S3 = { region: 'us-east-1', bucket: 'music', accessKey: 'key', secretKey: 'secret' };

// prints what the package provides to a Nest app outside Jest
const ASK_PACKAGE = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { MinioModule, MinioService } from 'nestjs-minio-client';
  const options = { endPoint: '127.0.0.1', port: 9000, useSSL: false, accessKey: 'key', secretKey: 'secret' };
  const definition = MinioModule.register(options);
  const app = await NestFactory.createApplicationContext(definition, { logger: false });
  const { client } = app.get(MinioService);
  console.log(JSON.stringify({ global: definition.global, client: client.constructor.name, port: client.port }));
`;

describe(StorageModule.name, () => {
  it('provides the folder store', async () => {
    const root = await mkdtemp(join(tmpdir(), 'objects-'));
    const redis = await someRedis();
    const imports = [RedisModule.forRoot({ url: redis.url }), StorageModule.forRoot({ driver: 'folder', root })];
    const app = await Test.createTestingModule({ imports }).compile();
    const { keys } = app.get(RedisConnections);
    await app.get(RedisConnections).call((client) => client.del(keys.store));
    const store = app.get(ObjectStore);
    expect(store).toBeInstanceOf(FolderObjectStore);
    await store.putText('a', 'b');
    expect(await new FolderObjectStore(root).getText('a')).toBe('b');
    await app.close();
    await redis.close();
    await rm(root, { recursive: true });
  });

  it("provides the S3 store on MinioModule's client, and closes it on shutdown", async () => {
    const endpoint = new URL('http://127.0.0.1:1');
    const app = await Test.createTestingModule({
      imports: [StorageModule.forRoot({ driver: 's3', endpoint, ...S3 })],
    }).compile();
    const store = app.get(ObjectStore);
    expect(store).toBeInstanceOf(S3ObjectStore);
    let closed = 0;
    const close = store.close.bind(store);
    store.close = () => {
      closed += 1;
      return close();
    };
    await app.close();
    expect(closed).toBe(1);
  });

  it('tests wiring that matches nestjs-minio-client', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', ASK_PACKAGE]);
    const definition = standIn.MinioModule.register({ endPoint: '127.0.0.1', port: 9000, useSSL: false });
    const app = await Test.createTestingModule({ imports: [definition] }).compile();
    const { client } = app.get(standIn.MinioService);
    const ours = { global: definition.global, client: client.constructor.name, port: 9000 };
    expect(JSON.parse(stdout)).toEqual(ours);
  });
});
