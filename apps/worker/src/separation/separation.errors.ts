/** The stored song is not the one that was accepted. */
export class SongChangedError extends Error {
  constructor() {
    super('the stored song is not the one that was accepted');
  }
}

/** What was made does not fit the song: it must not be served. */
export class WrongStemsError extends Error {}
