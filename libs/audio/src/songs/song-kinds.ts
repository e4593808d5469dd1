import { CONTAINERS } from '@app/separations';
import { HEADER_BYTES, parseMp3Frame } from './mp3-frame.js';
import { NoAudioError, UnsupportedAudioError, type AudioError } from '../errors/audio.error.js';

/** What a file is, by its first bytes. */
export interface SongKind {
  /** with its article */
  readonly name: string;
  /** audio that is accepted, audio that is not, or none */
  readonly audio: 'accepted' | 'refused' | 'none';
}

type Signature = readonly [at: number, signature: string, name: string];

export const QUICK_TIME = 'a QuickTime file';

const ACCEPTED: readonly Signature[] = [
  [8, 'WAVE', 'a WAV file'],
  [0, 'riff', 'a Wave64 file'],
  [8, 'AIFF', 'an AIFF file'],
  [8, 'AIFC', 'an AIFF file'],
  [0, 'fLaC', 'a FLAC file'],
  [0, 'OggS', 'an Ogg file'],
  [4, 'ftypqt  ', QUICK_TIME],
  [4, 'ftyp', 'an MP4 file'],
  [4, 'styp', 'an MP4 file'],
  [4, 'sidx', 'an MP4 file'],
  [4, 'moof', 'an MP4 file'],
  [4, 'moov', QUICK_TIME],
  [4, 'mdat', QUICK_TIME],
  [4, 'wide', QUICK_TIME],
  [4, 'free', QUICK_TIME],
  [4, 'skip', QUICK_TIME],
  [0, '\x1aE\xdf\xa3', 'a Matroska file'],
  [0, '0&\xb2u\x8ef\xcf\x11', 'a Windows Media file'],
  [0, 'caff', 'a Core Audio file (CAF)'],
  [0, '.snd', 'an AU file'],
  [0, '\x0bw', 'an AC-3 file'],
  [0, '\x7f\xfe\x80\x01', 'a DTS file'],
  [0, '\xfe\x7f\x01\x80', 'a DTS file'],
  [0, '\x1f\xff\xe8\x00', 'a DTS file'],
  [0, '\xff\x1f\x00\xe8', 'a DTS file'],
  [0, 'wvpk', 'a WavPack file'],
  [0, 'TTA1', 'a True Audio file (TTA)'],
];

const REFUSED: readonly Signature[] = [
  [8, 'AVI ', 'an AVI film'],
  [8, '8SVX', 'an Amiga sample (8SVX)'],
  [0, 'dns.', 'a little-endian AU file'],
  [0, 'DTSHDHDR', 'a DTS-HD file'],
  [0, 'MAC ', 'a Monkey’s Audio file (APE)'],
  [0, 'TTA2', 'a True Audio file (TTA2)'],
  [0, 'DSD ', 'a DSD file (DSF)'],
  [0, 'FRM8', 'a DSD file (DSDIFF)'],
  [0, 'tBaK', 'a TAK file'],
  [0, 'MPCK', 'a Musepack file'],
  [0, 'MP+', 'a Musepack file'],
  [0, 'OFR ', 'an OptimFROG file'],
  [0, 'ajkg', 'a Shorten file'],
  [0, '#!AMR', 'an AMR file'],
  [0, 'FLV\x01', 'a Flash film (FLV)'],
  [0, '\x00\x00\x01\xba', 'an MPEG film'],
  [0, '.RMF', 'a RealMedia file'],
];

const WITHOUT_AUDIO: readonly Signature[] = [
  [0, 'MThd', 'a MIDI file, which holds notes and no sound'],
  [0, '%PDF', 'a PDF document'],
  [0, 'PK\x03\x04', 'a ZIP archive'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [0, 'Rar!', 'a RAR archive'],
  [0, '7z\xbc\xaf', 'a 7-Zip archive'],
  [0, '\x89PNG', 'a PNG image'],
  [0, '\xff\xd8\xff', 'a JPEG image'],
  [0, 'GIF8', 'a GIF image'],
  [8, 'WEBP', 'a WebP image'],
  [0, '#EXTM3U', 'a playlist, which names songs and holds none'],
  [0, '[playlist]', 'a playlist, which names songs and holds none'],
  [0, '<!DOCTYPE', 'a web page'],
  [0, '<html', 'a web page'],
];

const KINDS = [
  { audio: 'accepted', signatures: ACCEPTED },
  { audio: 'refused', signatures: REFUSED },
  { audio: 'none', signatures: WITHOUT_AUDIO },
] as const;

const labels = Object.values(CONTAINERS).map(({ label }) => label);
const ACCEPTED_LABELS = `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;

/** Undefined for what has no signature, such as MP3. */
export function kindOf(start: Buffer): SongKind | undefined {
  for (const { audio, signatures } of KINDS) {
    const found = signatures.find(
      ([at, signature]) => start.toString('latin1', at, at + signature.length) === signature,
    );
    if (found !== undefined) return { name: found[2], audio };
  }
  return undefined;
}

const TS_PACKET_BYTES = 188;

/** What a file without a signature is by its first frames. Undefined for what is not refused by its kind. */
export function kindOfFrames(start: Buffer): SongKind | undefined {
  // Blu-ray discs put a time of 4 bytes in front of each packet
  const isTransportStream = [0, 4].some((extra) =>
    [0, 1, 2, 3].every((packet) => start[extra + packet * (TS_PACKET_BYTES + extra)] === 0x47),
  );
  if (isTransportStream) return { name: 'an MPEG transport stream', audio: 'refused' };
  return isFreeFormatMp3(start) ? { name: 'an MP3 file of a free bit rate', audio: 'refused' } : undefined;
}

/** Bit rate 0 means that frames do not say how long they are (ISO/IEC 11172-3, 2.4.2.3). */
function isFreeFormatMp3(start: Buffer): boolean {
  if (start.length < HEADER_BYTES) return false;
  // a header that is valid but for its bit rate
  const rated = Buffer.from(start.subarray(0, HEADER_BYTES));
  const bitrate = rated.readUInt8(2) >>> 4;
  rated.writeUInt8(rated.readUInt8(2) | 0x10, 2);
  return bitrate === 0 && parseMp3Frame(rated, 0) !== undefined;
}

/** Says what a file is that no audio could be decoded from. */
export function explainRefusal(kind: SongKind | undefined, cause: NoAudioError): AudioError {
  if (kind === undefined) return cause;
  const { name, audio } = kind;
  if (audio === 'accepted')
    return new NoAudioError(`The file is ${name} without audio that can be decoded.`, { cause });
  const message = `The file is ${name}. Accepted are ${ACCEPTED_LABELS}.`;
  return audio === 'none' ? new NoAudioError(message, { cause }) : new UnsupportedAudioError(message, { cause });
}
