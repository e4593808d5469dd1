// webhooks of one server with a real Redis, store, name server and receiver, and a clock that a spec moves.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddressRanges, OutboundClient } from '@app/outbound';
import { RedisConnections, RedisKeys } from '@app/redis';
import { SeparationStore } from '@app/separation-store';
import type { CreatedWebhook, Delivery, StoredRequest } from '@app/separations';
import { FolderObjectStore } from '@app/storage';
import { startDnsServer, type DnsServer } from '../../../../test/support/servers/dns-server.js';
import { startHookReceiver, type HookReceiver } from '../../../../test/support/servers/hook-receiver.js';
import { RedisServer } from '../../../../test/support/servers/redis-server.js';
import { Documents, someManifest, someRequest } from '../../../../test/support/separations/stored-separations.js';
import type { KeyRing } from '../access/key-ring.js';
import { webhookParts, type WebhookParts } from './webhooks.fixture.js';

export const OWNER = 'ann';
/** for an answer, ms */
export const TIMEOUT_MS = 500;

/** Call `begin` and `finish` around each test, and `close` at the end. */
export class DeliveryBench {
  objects: FolderObjectStore;
  documents: Documents;
  connections: RedisConnections;
  /** at `hooks.test` */
  receiver: HookReceiver;
  parts: WebhookParts;
  folder: string;

  private constructor(
    readonly redis: RedisServer,
    readonly dns: DnsServer,
  ) {}

  static async start(): Promise<DeliveryBench> {
    return new DeliveryBench(await RedisServer.start(), await startDnsServer());
  }

  async begin(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'webhooks-'));
    this.objects = new FolderObjectStore(this.folder);
    this.documents = new Documents(this.objects);
    this.connections = new RedisConnections({ url: this.redis.url }, new RedisKeys(`spec-${randomUUID()}`));
    this.receiver = await startHookReceiver();
    this.dns.answer('hooks.test', '127.0.0.1');
    this.parts = this.server();
  }

  async finish(): Promise<void> {
    await this.parts.deliverer.onModuleDestroy();
    await this.receiver.close();
    await this.connections.close();
    await this.objects.close();
    await rm(this.folder, { recursive: true });
  }

  async close(): Promise<void> {
    await this.redis.close();
    await this.dns.close();
  }

  /** the parts of a server, by default of another one */
  server(allowed = ['127.0.0.1'], objects = this.objects, keys?: KeyRing): WebhookParts {
    const { resolve } = this.dns;
    const client = new OutboundClient({ allowed: AddressRanges.parse(allowed), timeoutMs: TIMEOUT_MS, resolve });
    const options = { callTimeoutMs: 5000, lockWaitMs: 5000 };
    const separations = new SeparationStore(objects, this.connections, options);
    return webhookParts(objects, separations, this.connections, client, keys);
  }

  register(url = `http://hooks.test:${this.receiver.port}/`): Promise<CreatedWebhook> {
    return this.parts.service.create(OWNER, { url });
  }

  /** a completed separation, of which nobody was told */
  async completed(owner = OWNER): Promise<StoredRequest> {
    const request = someRequest({ owner });
    await this.documents.putRequest(request);
    const finishedAt = new Date(this.parts.clock.now()).toISOString();
    await this.documents.putManifest(someManifest(request, { finishedAt }));
    return request;
  }

  async announce(request: StoredRequest, of = this.parts): Promise<void> {
    const manifest = await this.documents.manifest(request.id);
    await of.announcer.announce({ request, ...(manifest && { manifest }) });
  }

  async end(): Promise<StoredRequest> {
    const request = await this.completed();
    await this.announce(request);
    return request;
  }

  /** A separation that failed now, by default a new one. Its webhooks are told. */
  async failed(request = someRequest({ owner: OWNER })): Promise<StoredRequest> {
    const at = new Date(this.parts.clock.now()).toISOString();
    const failure = { code: 'internal', message: 'It failed.', retryable: true } as const;
    const failed: StoredRequest = { ...request, outcome: { state: 'failed', at, failure } };
    await this.documents.putRequest(failed);
    await this.announce(failed);
    return request;
  }

  /** Makes every attempt that is due, and tells how many that were. */
  async deliver(of = this.parts): Promise<number> {
    const started = await of.deliverer.look();
    await of.deliverer.idle();
    return started;
  }

  async log({ id }: CreatedWebhook): Promise<readonly Delivery[]> {
    return (await this.parts.service.deliveries(OWNER, id)).deliveries;
  }

  async onlyDelivery(webhook: CreatedWebhook): Promise<Delivery> {
    const [delivery, ...others] = await this.log(webhook);
    if (delivery === undefined || others.length > 0) throw new Error(`${others.length + 1} deliveries`);
    return delivery;
  }

  /** keys of everything that webhooks have in the store */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.objects.list('webhooks/')) keys.push(key);
    return keys;
  }
}
