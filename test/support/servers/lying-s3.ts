import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import type { S3Server, S3ServerConfig } from './s3-server.js';

/** What the store does with an object, while it answers 200 as if all were well. */
export type Lie = 'answers an error' | 'keeps nothing' | 'keeps half' | 'keeps other bytes';

/** What the store answers to one who reads an object, with a length that fits. */
export type Misreading = 'is missing' | 'comes short';

type Choose<L> = (key: string) => L | undefined;

const ERROR = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>later</Message></Error>';
const COMPLETED =
  '<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"9bb58f26192e4ba00f01e2e7b136bbd8-2"</ETag></CompleteMultipartUploadResult>';

/** A proxy in front of a real S3 server that lies about the objects that a spec chooses. */
export class LyingS3 {
  /** asked for each object that is put; the default tells the truth */
  lie: Choose<Lie> = () => undefined;
  /** asked for each object that is read */
  misread: Choose<Misreading> = () => undefined;
  /** how it treats checksums: as the server behind it, as a store that ignores them, or as one that refuses them */
  checksums: 'known' | 'ignored' | 'refused' = 'known';
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
    if (lie === 'answers an error') return pretend(request, response, ERROR);
    if (lie === 'keeps nothing') return pretend(request, response, completes ? COMPLETED : '');
    await this.forward(request, response, async () => {
      if (lie !== undefined) await this.damage(key, lie);
    });
  }

  private async forward(request: IncomingMessage, response: ServerResponse, then: () => Promise<void>): Promise<void> {
    const { hostname, port } = this.behind.endpoint;
    const { method, url, headers } = request;
    const path = url ?? '/';
    const outgoing = send({ hostname, port, path, method, headers });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    try {
      await pipeline(request, outgoing);
      const [answer] = await answered;
      if (answer.statusCode === 200) await then();
      const told = Object.entries(answer.headers).filter(
        ([name]) => this.checksums === 'known' || !name.startsWith('x-amz-checksum-'),
      );
      response.writeHead(answer.statusCode ?? 500, Object.fromEntries(told));
      await pipeline(answer, response);
    } catch {
      // the client went away
      response.destroy();
    }
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

async function pretend(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  await buffer(request);
  response.writeHead(200, { etag: '"9bb58f26192e4ba00f01e2e7b136bbd8"' }).end(body);
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await buffer(request);
  const body = '<?xml version="1.0"?><Error><Code>NotImplemented</Code><Message>no checksums</Message></Error>';
  response.writeHead(501).end(request.method === 'HEAD' ? undefined : body);
}
