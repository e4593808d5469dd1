import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import type { S3Server, S3ServerConfig } from './s3-server.js';

/** What the store does with an object, while it answers 200 as if all were well. */
export type Lie = 'answers an error' | 'keeps nothing' | 'keeps half' | 'keeps other bytes';

/** What the store answers to one who reads an object, with a length that fits. */
export type Misreading = 'is missing' | 'comes short';

type Choose<L> = (key: string) => L | undefined;

const ERROR = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>later</Message></Error>';
/** of the store that is tested */
const PART_BYTES = 8 * 1024 * 1024;
const COMPLETED =
  '<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"9bb58f26192e4ba00f01e2e7b136bbd8-2"</ETag></CompleteMultipartUploadResult>';

/** A proxy in front of a real S3 server that lies about the objects that a spec chooses. */
export class LyingS3 {
  /** asked for each object that is put; the default tells the truth */
  lie: Choose<Lie> = () => undefined;
  /** asked for each object that is read */
  misread: Choose<Misreading> = () => undefined;
  /**
   * How it treats checksums: as the server behind it; as a store that ignores or refuses them; or as one that tells the
   * sha256 of the whole object, of its parts with their number (as AWS does), or of its parts alone.
   */
  checksums: 'known' | 'ignored' | 'refused' | 'of the whole' | 'of parts, counted' | 'of parts' = 'known';
  /** ms before it answers a call that starts an upload in parts, as a store with slow disks */
  slowness = 0;
  private readonly server = createServer((request, response) => void this.answer(request, response));
  private readonly direct: Client;

  private constructor(private readonly behind: S3ServerConfig) {
    const { endpoint, accessKey, secretKey, region } = behind;
    const port = Number(endpoint.port);
    const address = { endPoint: endpoint.hostname, port, useSSL: false, pathStyle: true };
    this.direct = new Client({ ...address, accessKey, secretKey, region });
  }

  static async start({ config }: S3Server): Promise<LyingS3> {
    const proxy = new LyingS3(config);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get config(): S3ServerConfig {
    const { port } = this.server.address() as AddressInfo;
    return { ...this.behind, endpoint: new URL(`http://127.0.0.1:${port}`) };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.behind.endpoint);
    const key = pathname.slice(`/${this.behind.bucket}/`.length);
    const completes = request.method === 'POST' && searchParams.has('uploadId');
    const isWhole = request.method === 'PUT' && key !== '' && !searchParams.has('uploadId');
    const lie = completes || isWhole ? this.lie(key) : undefined;
    const asks = Object.keys(request.headers).some((name) => /^x-amz-checksum-(?!mode)/.test(name));
    const misreading = request.method === 'GET' && searchParams.size === 0 ? this.misread(key) : undefined;
    if (misreading !== undefined) return this.answerShort(key, misreading, response);
    if (asks && this.checksums === 'refused') return refuse(request, response);
    if (request.method === 'POST' && searchParams.has('uploads') && !(await this.isStillThere(response))) return;
    if (lie === 'answers an error') return pretend(request, response, ERROR);
    if (lie === 'keeps nothing') return pretend(request, response, completes ? COMPLETED : '');
    await this.forward(request, response, async () => {
      if (lie !== undefined) await this.damage(key, lie);
    });
  }

  /** Waits as long as a slow store, but not for a client that goes away. */
  private async isStillThere(response: ServerResponse): Promise<boolean> {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    return pause(this.slowness, true, { signal: gone.signal }).catch(() => false);
  }

  private async forward(request: IncomingMessage, response: ServerResponse, then: () => Promise<void>): Promise<void> {
    const { hostname, port } = this.behind.endpoint;
    const { method, url, headers } = request;
    const path = url ?? '/';
    const outgoing = send({ hostname, port, path, method, headers });
    try {
      // both at once: a client that goes away fails both, and neither rejection may stay unhandled
      const [[answer]] = await Promise.all([
        once(outgoing, 'response') as Promise<[IncomingMessage]>,
        pipeline(request, outgoing),
      ]);
      if (answer.statusCode === 200) await then();
      const told = Object.entries(answer.headers).filter(
        ([name]) => this.checksums === 'known' || !name.startsWith('x-amz-checksum-'),
      );
      const asksForSha256 = method === 'HEAD' && headers['x-amz-checksum-mode'] !== undefined;
      const sha256 = asksForSha256 && answer.statusCode === 200 ? await this.sha256Of(path) : undefined;
      const checksum = sha256 === undefined ? {} : { 'x-amz-checksum-sha256': sha256 };
      response.writeHead(answer.statusCode ?? 500, { ...Object.fromEntries(told), ...checksum });
      await pipeline(answer, response);
    } catch {
      // the client went away
      response.destroy();
    }
  }

  /** of what the server behind really keeps */
  private async sha256Of(path: string): Promise<string | undefined> {
    if (!this.checksums.startsWith('of ')) return undefined;
    const { bucket } = this.behind;
    const bytes = await buffer(await this.direct.getObject(bucket, path.slice(`/${bucket}/`.length)));
    if (this.checksums === 'of the whole') return sha256(bytes).toString('base64');
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += PART_BYTES) parts.push(sha256(bytes.subarray(at, at + PART_BYTES)));
    const composite = sha256(Buffer.concat(parts)).toString('base64');
    return this.checksums === 'of parts' ? composite : `${composite}-${parts.length}`;
  }

  private async answerShort(key: string, misreading: Misreading, response: ServerResponse): Promise<void> {
    if (misreading === 'is missing') {
      response.writeHead(404).end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>');
      return;
    }
    const bytes = await buffer(await this.direct.getObject(this.behind.bucket, key));
    const part = bytes.subarray(0, bytes.length / 2);
    response.writeHead(response.req.headers.range === undefined ? 200 : 206, { 'content-length': part.length });
    response.end(part);
  }

  private async damage(key: string, lie: Lie): Promise<void> {
    const { bucket } = this.behind;
    const bytes = await buffer(await this.direct.getObject(bucket, key));
    const kept = lie === 'keeps half' ? bytes.subarray(0, bytes.length / 2) : Buffer.from(bytes).reverse();
    await this.direct.putObject(bucket, key, kept);
  }
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

async function pretend(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  await buffer(request);
  response.writeHead(200, { etag: '"9bb58f26192e4ba00f01e2e7b136bbd8"' }).end(body);
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await buffer(request);
  const body = '<?xml version="1.0"?><Error><Code>NotImplemented</Code><Message>no checksums</Message></Error>';
  response.writeHead(501).end(request.method === 'HEAD' ? undefined : body);
}
