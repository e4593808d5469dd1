import { describe, expect, it } from '@jest/globals';
import { runFleet, type QueuedSong, type Song } from './fleet.fixture.js';
import { intervalOf, LAST_TURN, nameOfTurns, nextTurn, type Turn } from './turn.js';

/** mulberry32: the same schedules in every run */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function turn(client: string, change: Partial<Turn> = {}): Turn {
  return { client, priority: 'normal', weight: 1, ...change };
}

function songs(count: number, of: Turn, at: number, seconds = 60): Song[] {
  return Array.from({ length: count }, () => ({ turn: of, at, seconds }));
}

function begunBy(begun: readonly QueuedSong[], count: number, client: string): number {
  return begun.slice(0, count).filter((song) => nameOfTurns(song.turn) === client).length;
}

describe(nextTurn.name, () => {
  it('lets one song begin within two songs of time while another client has 500, on any fleet', () => {
    const random = randomFrom(21);
    for (let workers = 1; workers <= 16; workers += 1) {
      for (let run = 0; run < 10; run += 1) {
        const flood = Array.from({ length: 500 }, () => ({
          turn: turn('flood'),
          at: 0,
          seconds: 30 + Math.round(random() * 300),
        }));
        const single: Song = { turn: turn('single'), at: 1 + Math.round(random() * 5000), seconds: 60 };
        const begun = runFleet([...flood, single], workers);
        const at = begun.findIndex((song) => song.turn.client === 'single');
        const waited = (begun[at]?.startedAt ?? Number.NaN) - single.at;
        const begunMeanwhile = begun.slice(0, at).filter(({ startedAt = 0 }) => startedAt > single.at);
        expect(begunMeanwhile.length).toBeLessThanOrEqual(1);
        expect(waited).toBeLessThanOrEqual(2 * 330);
      }
    }
  });

  it('starves nobody in 10,000 random schedules', () => {
    const random = randomFrom(1);
    const upTo = (most: number): number => 1 + Math.floor(random() * most);
    for (let run = 0; run < 10_000; run += 1) {
      const clients = Array.from({ length: 1 + upTo(5) }, (_, at) =>
        turn(`c${at}`, { weight: upTo(10), priority: random() < 0.25 ? 'low' : 'normal' }),
      );
      const all = clients.flatMap((of) => {
        const burst = random() < 0.5;
        return Array.from({ length: upTo(12) }, () => ({
          turn: of,
          at: burst ? 0 : Math.round(random() * 1000),
          seconds: upTo(200),
        }));
      });
      const begun = runFleet(all, upTo(6));
      expect(begun).toHaveLength(all.length);
      expect(begun.flatMap((song, at) => unfair(song, begun.slice(song.after, at), clients))).toEqual([]);
    }
  });

  it('gives clients that always have songs their weights', () => {
    const [ann, bob] = [turn('ann', { weight: 3 }), turn('bob')];
    const begun = runFleet([...songs(300, ann, 0), ...songs(300, bob, 0)], 4);
    expect(begunBy(begun, 200, 'ann')).toBeGreaterThanOrEqual(148);
    expect(begunBy(begun, 200, 'ann')).toBeLessThanOrEqual(152);
  });

  it('lets low priority yield, also to the same client, and never stop', () => {
    const low = turn('ann', { priority: 'low' });
    const begun = runFleet([...songs(100, low, 0), ...songs(200, turn('ann'), 1)], 1);
    // the one that ran when the others came, and one of nine
    expect(begunBy(begun, 91, 'ann:low')).toBe(11);
    expect(begunBy(begun, 3, 'ann')).toBe(2);
  });

  it('keeps a stream of new clients from holding up one that has waited', () => {
    const crowd = Array.from({ length: 400 }, (_, n) => songs(1, turn(`c${n}`), n * 60)).flat();
    const begun = runFleet([...songs(3, turn('ann'), 0), ...crowd], 1);
    expect(begunBy(begun, 10, 'ann')).toBe(3);
  });

  it('puts no job behind the last turn that there is', () => {
    expect(nextTurn(turn('ann'), { running: 0, last: LAST_TURN })).toBe(LAST_TURN);
  });
});

/** which other clients had more songs while this one waited than their share, and one that was about to begin */
function unfair(song: QueuedSong, meanwhile: readonly QueuedSong[], clients: readonly Turn[]): string[] {
  return clients.flatMap((other) => {
    const name = nameOfTurns(other);
    if (name === nameOfTurns(song.turn)) return [];
    const count = meanwhile.filter((one) => nameOfTurns(one.turn) === name);
    // a client that sends one after the other has half an interval between them
    const share = ((song.own + 1) * intervalOf(song.turn)) / (intervalOf(other) / 2);
    return count.length > Math.ceil(share) + 1 ? [`${name} had ${count.length} songs, not ${share}`] : [];
  });
}
