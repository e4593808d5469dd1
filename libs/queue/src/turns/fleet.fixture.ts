// a queue and its workers without a clock: what BullMQ does with turns.
import { nameOfTurns, nextTurn, type Turn } from './turn.js';

export interface Song {
  readonly turn: Turn;
  /** when it is queued */
  readonly at: number;
  readonly seconds: number;
}

export interface QueuedSong extends Song {
  readonly place: number;
  /** songs that began earlier than it was queued */
  readonly after: number;
  /** the client's songs that waited or ran */
  readonly own: number;
  startedAt?: number;
  endedAt?: number;
}

/** Runs the songs on so many workers. @returns the songs in the order in which they began */
export function runFleet(songs: readonly Song[], workers: number): QueuedSong[] {
  const fleet = new Fleet(workers);
  for (const song of [...songs].sort((a, b) => a.at - b.at)) {
    fleet.runUntil(song.at);
    fleet.enqueue(song);
  }
  fleet.runUntil(Number.POSITIVE_INFINITY);
  return fleet.begun;
}

class Fleet {
  readonly begun: QueuedSong[] = [];
  private waiting: QueuedSong[] = [];
  private running: QueuedSong[] = [];
  private now = 0;

  constructor(private readonly workers: number) {}

  enqueue(song: Song): void {
    const own = [...this.waiting, ...this.running].filter((one) => nameOfTurns(one.turn) === nameOfTurns(song.turn));
    const [head] = this.waiting;
    const place = nextTurn(song.turn, {
      running: latest(this.running),
      last: latest(own),
      ...(head && { next: { at: head.place, turn: head.turn } }),
    });
    const queued = { ...song, place, after: this.begun.length, own: own.length };
    this.waiting.splice(this.waiting.findLastIndex((one) => one.place <= place) + 1, 0, queued);
    this.start();
  }

  runUntil(time: number): void {
    for (;;) {
      const next = Math.min(...this.running.map(({ endedAt = 0 }) => endedAt));
      if (next > time || this.running.length === 0) break;
      this.now = next;
      this.running = this.running.filter(({ endedAt }) => endedAt !== next);
      this.start();
    }
    this.now = time;
  }

  private start(): void {
    while (this.running.length < this.workers) {
      const song = this.waiting.shift();
      if (song === undefined) return;
      song.startedAt = this.now;
      song.endedAt = this.now + song.seconds;
      this.running.push(song);
      this.begun.push(song);
    }
  }
}

function latest(songs: readonly QueuedSong[]): number {
  return songs.reduce((most, { place }) => Math.max(most, place), 0);
}
