/** a video stream other than a cover: the audio may well be shorter */
const FILM = /^ {2}Stream #0:\d+.*: Video: (?!.*\(attached pic\))/;
/** what ffmpeg puts in front of a line: who speaks, and at which level */
const PREFIX = /^((?:\[[^\]]+ @ 0x[0-9a-f]+\] )*)\[(info|warning|error|fatal|panic)\] /;
/** who speaks of reading the file over the loopback address, or of a cover */
const OTHERS = /^\[(?:https?|tcp|mjpeg|png|gif|webp|bmp|tiff) @/;

/** An audio track of the file. */
export interface Track {
  readonly codec: string;
  /** Hz */
  readonly sampleRate: number;
  /** ffmpeg's name of the speakers, or `<n> channels` */
  readonly layout: string;
  readonly language: string;
  readonly isDefault: boolean;
  /** after the start of the file */
  readonly startSeconds: number;
}

/** Parses ffmpeg's log line by line. Its names come from fixed lists, never from text in the song. */
export class DecodeLog {
  container: string | undefined;
  codec: string | undefined;
  /** of the decoded samples, in hex, if it was asked for */
  md5: string | undefined;
  readonly tracks: Track[] = [];
  /** when the chosen track starts in the file */
  startSeconds: number | undefined;
  /** lines that tell of a fault */
  faults = 0;
  private duration: number | undefined;
  private isUnreliable = false;
  private isInput = true;

  /** seconds; undefined if the container does not declare a length, or the length is a film's */
  get declaredSeconds(): number | undefined {
    return this.isUnreliable ? undefined : this.duration;
  }

  readonly onLine = (text: string): void => {
    const { line, isFault } = parseLine(text);
    if (isFault) this.faults += 1;
    // the song's own tags appear between this line and the last mapping line: the first container and the last codec
    // are ffmpeg's own
    const input = /^Input #0, ([a-z0-9_]+)[a-z0-9_,]*, from /.exec(line);
    this.container ??= input?.[1];
    if (line.startsWith('Stream mapping:') || line.startsWith('Output #')) this.isInput = false;
    if (line.includes('Estimating duration from bitrate') || FILM.test(line)) this.isUnreliable = true;
    this.duration ??= parseDuration(line);
    const track = this.isInput ? parseTrack(line) : undefined;
    if (track !== undefined) this.tracks.push(track);
    if (!this.isInput) this.startSeconds ??= parseStart(line);
    const mapping = /^ {2}Stream #0:\d+ (?:-> #\d:0 )?\(([a-z0-9_]+)(?: \(|\) )/.exec(line);
    this.codec = mapping?.[1] ?? this.codec;
    this.md5 ??= /^MD5=([0-9a-f]{32})$/.exec(line)?.[1];
  };
}

/** Splits a line of the log; a fault says what went wrong with the song itself. */
export function parseLine(text: string): { readonly line: string; readonly isFault: boolean } {
  const [prefix = '', speaker = '', level = 'info'] = PREFIX.exec(text) ?? [];
  const isFault = ['error', 'fatal', 'panic'].includes(level) && !OTHERS.test(speaker);
  return { line: text.slice(prefix.length), isFault };
}

function parseDuration(line: string): number | undefined {
  const [, hours, minutes, seconds] = /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+),/.exec(line) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** of the first frame, as `ashowinfo` tells it */
function parseStart(line: string): number | undefined {
  const [, stamp] = /^n: *0 pts:\S+ +pts_time:(-?\d+(?:\.\d+)?) /.exec(line) ?? [];
  return stamp === undefined ? undefined : Math.max(Number(stamp), 0);
}

function parseTrack(line: string): Track | undefined {
  const [, index, language = '', codec = '', facts = ''] =
    /^ {2}Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\((\w+)\))?[^:]*: Audio: (\w+)(.*)$/.exec(line) ?? [];
  if (index === undefined) return undefined;
  const [, rate = 0, layout = ''] = /, (\d+) Hz, ([^,]+)/.exec(facts) ?? [];
  return {
    codec,
    language,
    sampleRate: Number(rate),
    layout,
    isDefault: facts.includes(' (default)'),
    startSeconds: Number(/, start (\d+\.\d+)/.exec(facts)?.[1] ?? 0),
  };
}
