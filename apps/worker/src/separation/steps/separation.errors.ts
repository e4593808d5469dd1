/** The stored song differs from the accepted one. */
export class SongChangedError extends Error {
  constructor() {
    super('the stored song differs from the accepted one');
  }
}

/** A stored object has other bytes than its record says. */
export class ObjectChangedError extends Error {
  constructor(key: string) {
    super(`${key} has other bytes than its record says`);
  }
}

/** The stems do not match the song, and must not be served. */
export class WrongStemsError extends Error {}
