/** A stretch of the song that could not be decoded: silence takes its place. */
export interface Loss {
  /** from the start of the song */
  readonly atSeconds: number;
  readonly seconds: number;
}
