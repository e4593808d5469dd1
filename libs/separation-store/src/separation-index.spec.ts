import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QueueFixture } from '../../../test/support/separations/queue-fixture.js';
import { someId } from '../../../test/support/separations/stored-separations.js';
import { someRedis } from '../../../test/support/servers/redis-server.js';
import { InvalidCursorError } from './invalid-cursor.error.js';
import { SeparationIndex } from './separation-index.js';

let redis: Awaited<ReturnType<typeof someRedis>>;
let fixture: QueueFixture;

beforeAll(async () => {
  redis = await someRedis();
});
afterAll(() => redis.close());
beforeEach(() => {
  fixture = new QueueFixture(redis.url);
});
afterEach(() => fixture.close());

describe(SeparationIndex.name, () => {
  it('gives pages, newest first, each once, also among those of one millisecond', async () => {
    const sut = new SeparationIndex(fixture.connections);
    const dates = Array.from({ length: 11 }, (_, n) => new Date(1e12 + Math.floor(n / 4)).toISOString());
    const added = dates.map((createdAt) => ({ id: someId(), createdAt }));
    for (const { id, createdAt } of added) await sut.add('ann', id, createdAt);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await sut.page('ann', cursor, 3);
      expect(page.ids.length).toBeLessThanOrEqual(3);
      seen.push(...page.ids);
      cursor = page.nextCursor;
    } while (cursor !== null);
    const newestFirst = added.sort((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1));
    expect(seen).toEqual(newestFirst.map(({ id }) => id));
  });

  it('lists a date that cannot be read last, and knows the owner until it is removed', async () => {
    const sut = new SeparationIndex(fixture.connections);
    const [dated, undated] = [someId(), someId()];
    await sut.add('ann', undated, 'unknown');
    await sut.add('ann', dated, new Date().toISOString());
    expect(await sut.page('ann', null, 5)).toEqual({ ids: [dated, undated], nextCursor: null });
    expect(await sut.ownerOf(dated)).toBe('ann');
    await sut.remove('ann', dated);
    expect(await sut.ownerOf(dated)).toBeUndefined();
    expect((await sut.page('ann', null, 5)).ids).toEqual([undated]);
  });

  it('keeps owners apart, also one that is called like a key', async () => {
    const sut = new SeparationIndex(fixture.connections);
    const id = someId();
    await sut.add(null, id, new Date().toISOString());
    expect((await sut.page('public', null, 5)).ids).toEqual([]);
    expect((await sut.page(null, null, 5)).ids).toEqual([id]);
  });

  it.each(['', 'x', Buffer.from('1/2/3').toString('base64url'), Buffer.from(`-inf/${someId()}`).toString('base64url')])(
    'refuses the cursor %p',
    async (cursor) => {
      const page = new SeparationIndex(fixture.connections).page(null, cursor, 5);
      await expect(page).rejects.toThrow(InvalidCursorError);
      await expect(page).rejects.toThrow('does not belong to this list');
    },
  );
});
