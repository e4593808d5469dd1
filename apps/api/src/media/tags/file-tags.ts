/** What is written into a download. */
export interface FileTags {
  readonly title: string;
  readonly artist: string | undefined;
  readonly album: string | undefined;
  /** a JPEG */
  readonly cover: Buffer | undefined;
}
