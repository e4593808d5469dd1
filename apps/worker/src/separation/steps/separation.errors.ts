/** The stored song differs from the accepted one. */
export class SongChangedError extends Error {
  constructor() {
    super('the stored song differs from the accepted one');
  }
}

/** The stems do not match the song, and must not be served. */
export class WrongStemsError extends Error {}
