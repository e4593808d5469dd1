/** a video stream other than a cover: the audio may well be shorter */
const FILM = /^ {2}Stream #0:\d+.*: Video: (?!.*\(attached pic\))/;

/** Parses ffmpeg's log line by line. Its names come from fixed lists, never from text in the song. */
export class DecodeLog {
  container: string | undefined;
  codec: string | undefined;
  private duration: number | undefined;
  private isUnreliable = false;

  /** seconds; undefined if the container does not declare a length, or the length is a film's */
  get declaredSeconds(): number | undefined {
    return this.isUnreliable ? undefined : this.duration;
  }

  readonly onLine = (line: string): void => {
    // the song's own tags appear between this line and the last mapping line: the first container and the last codec
    // are ffmpeg's own
    const input = /^Input #0, ([a-z0-9_]+)[a-z0-9_,]*, from /.exec(line);
    this.container ??= input?.[1];
    if (line.includes('Estimating duration from bitrate') || FILM.test(line)) this.isUnreliable = true;
    this.duration ??= parseDuration(line);
    const mapping = /^ {2}Stream #0:\d+ -> #\d:0 \(([a-z0-9_]+) \(/.exec(line);
    this.codec = mapping?.[1] ?? this.codec;
  };
}

function parseDuration(line: string): number | undefined {
  const [, hours, minutes, seconds] = /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+),/.exec(line) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
