import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { selfSigned } from '../../../../test/support/servers/certificate.js';
import { startS3Server, type S3Server } from '../../../../test/support/servers/s3-server.js';
import { createObjectStore } from '../create-object-store.js';
import { waitUntil } from '../../../../test/support/wait-until.js';
import type { ObjectStore } from '../object-store.js';
import { WebIdentity } from './web-identity.js';

const STS = 'sts.eu-central-1.amazonaws.com';
const ROLE = 'arn:aws:iam::123456789012:role/music';
const HOUR_MS = 3_600_000;

describe('S3 with a role of AWS in place of keys', () => {
  const before = { ...process.env };
  const asked: URLSearchParams[] = [];
  let s3: S3Server;
  let folder: string;
  let sts: https.Server;
  let expiresInMs: number;
  let isSilent: boolean;
  let sut: ObjectStore;

  beforeAll(async () => {
    [s3, folder] = await Promise.all([startS3Server(), mkdtemp(join(tmpdir(), 'token-'))]);
    const certificate = await selfSigned(STS);
    sts = https.createServer(certificate, (request, response) => {
      asked.push(new URL(request.url ?? '', `https://${STS}`).searchParams);
      if (!isSilent) response.end(answer(s3, new Date(Date.now() + expiresInMs)));
    });
    await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
    const { port } = sts.address() as AddressInfo;
    // stands for the name server and the authority of AWS
    jest
      .spyOn(https.Agent.prototype, 'createConnection')
      .mockImplementation(() => tls.connect({ host: '127.0.0.1', port, servername: STS, ca: certificate.cert }));
  });

  afterAll(async () => {
    jest.restoreAllMocks();
    https.globalAgent.destroy();
    sts.closeAllConnections();
    await new Promise((resolve) => sts.close(resolve));
    await Promise.all([s3.stop(), rm(folder, { recursive: true })]);
  });

  beforeEach(async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'token of the pod');
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = tokenFile;
    process.env['AWS_ROLE_ARN'] = ROLE;
    process.env['AWS_REGION'] = 'eu-central-1';
    asked.length = 0;
    isSilent = false;
    const { driver, endpoint, region, bucket } = s3.config;
    sut = createObjectStore({ driver, endpoint, region, bucket, webIdentityTokenFile: tokenFile });
  });

  afterEach(async () => {
    await sut.close();
    process.env = { ...before };
  });

  it('asks for keys with the token of the pod, and once while they are good', async () => {
    expiresInMs = HOUR_MS;
    await sut.putText('songs/a', 'kept');
    expect(await sut.getText('songs/a')).toBe('kept');
    expect(asked.map((query) => [query.get('WebIdentityToken'), query.get('RoleArn')])).toEqual([
      ['token of the pod', ROLE],
    ]);
  });

  it('asks again before they expire', async () => {
    expiresInMs = 5000;
    await sut.putText('songs/b', 'kept');
    const before = asked.length;
    expiresInMs = HOUR_MS;
    expect(await sut.getText('songs/b')).toBe('kept');
    expect(asked.length).toBe(before + 1);
  });

  it('asks once for all calls at the same time', async () => {
    expiresInMs = HOUR_MS;
    const keys = new WebIdentity();
    const all = await Promise.all([1, 2, 3].map(() => keys.getCredentials()));
    expect([new Set(all).size, asked.length]).toEqual([1, 1]);
  });

  it('lets calls go on with keys that are good for some minutes, while it asks for new ones', async () => {
    expiresInMs = 4 * 60_000;
    const keys = new WebIdentity();
    const first = await keys.getCredentials();
    isSilent = true;
    expect(await keys.getCredentials()).toBe(first);
    await waitUntil('the second request', () => asked.length === 2);
    expect(await keys.getCredentials()).toBe(first);
    expect(asked).toHaveLength(2);
  });

  it('fails when AWS says nothing, and asks again', async () => {
    expiresInMs = HOUR_MS;
    isSilent = true;
    const keys = new WebIdentity({ timeoutMs: 200, renewBeforeMs: 0, leewayMs: 0 });
    await expect(keys.getCredentials()).rejects.toThrow('AWS gave no keys within 0.2 s');
    isSilent = false;
    await expect(keys.getCredentials()).resolves.toBeDefined();
  });
});

function answer({ config }: S3Server, expiration: Date): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <AssumeRoleWithWebIdentityResult><Credentials>
      <AccessKeyId>${config.accessKey}</AccessKeyId><SecretAccessKey>${config.secretKey}</SecretAccessKey>
      <SessionToken></SessionToken><Expiration>${expiration.toISOString()}</Expiration>
    </Credentials></AssumeRoleWithWebIdentityResult>
  </AssumeRoleWithWebIdentityResponse>`;
}
