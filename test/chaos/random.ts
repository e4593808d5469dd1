import { createHash } from 'node:crypto';

/** Random numbers that a seed repeats: mulberry32. */
export class Random {
  #state: number;

  constructor(private readonly seed: number | string) {
    this.#state = createHash('sha256').update(String(seed)).digest().readUInt32LE();
  }

  /** A stream of its own: what one part of the drill draws does not shift what another part gets. */
  fork(name: string | number): Random {
    return new Random(`${this.seed}/${name}`);
  }

  /** from 0 to 1, without 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** a whole number from 0, below the limit */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  shuffle<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, rank: this.next() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ item }) => item);
  }
}
