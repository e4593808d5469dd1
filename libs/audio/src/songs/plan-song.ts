import { EmptyAudioError } from '../errors/audio.error.js';
import { readPcm, samplesOf } from '../headers/read-pcm.js';
import { declaredSeconds, type PcmStream } from '../headers/pcm-stream.js';
import { ANY_CONTAINER, type Reading } from '../sources/ffmpeg-input.js';
import { ByteReader } from '../sources/byte-reader.js';
import { sliceSource } from '../sources/spliced-source.js';
import type { SeekableSource } from '../sources/seekable-source.js';
import { parseFlacStreamInfo, STREAM_INFO_BYTES } from './flac-stream-info.js';
import { splitOgg } from './ogg-links.js';
import { planMp3 } from './plan-mp3.js';
import { kindOf, kindOfFrames, QUICK_TIME } from './song-kinds.js';
import type { SongPart, SongPlan } from './song-plan.js';
import { TAG_HEADER_BYTES, tagBytes } from './tags.js';

/** a frame whose checksum is wrong is noise: better lost, and found to be lost */
const FLAC: Reading = { demuxers: ['flac'], options: ['-err_detect', 'crccheck+explode'] };
/** a block whose checksum is wrong decodes to full-scale noise */
const WAVPACK: Reading = { demuxers: ['wv'], options: ['-err_detect', 'crccheck'] };
/** its last packet is as short as the song ends; ffmpeg would cut off the same number of samples again */
const ALAC_IN_CAF: Reading = { demuxers: ['caf'], options: ['-flags2', 'skip_manual'] };
const MP3: Reading = { demuxers: ['mp3'], options: [] };
const OGG: Reading = { demuxers: ['ogg'], options: [] };
/** the most channels whose usual places ffmpeg knows by their number */
const MAX_PLACED_CHANNELS = 8;
/** where a CAF file names its codec: its description is always the first chunk */
const CAF_CODEC = 28;
const KIND_BYTES = 4096;
const FLAC_WITHIN = 64 * 1024;

/**
 * Reads a song's own headers: what ffmpeg misreads, it is told.
 * @throws UnsupportedAudioError, or the error of the source
 */
export async function planSong(whole: SeekableSource): Promise<SongPlan> {
  const source = await withoutLeadingTags(whole);
  const reader = new ByteReader(source);
  const kind = kindOf(await reader.read(0, KIND_BYTES));
  const pcm = await readPcm(reader);
  if (pcm !== undefined) return planPcm(source, pcm);
  const start = await reader.read(0, FLAC_WITHIN);
  if (start.toString('latin1', 0, 4) === 'OggS') {
    const links = await splitOgg(source);
    return { parts: links.map((link) => ({ ...link, reading: OGG })), container: 'ogg', losses: [], kind };
  }
  const flac = kind === undefined || start.indexOf('fLaC') === 0 ? await findFlac(reader, start) : undefined;
  if (flac !== undefined) {
    const part = { ...flac, source: sliceSource(source, flac.offset, source.bytes), reading: FLAC };
    return { parts: [part], container: 'flac', losses: [], kind };
  }
  const mp3 = kind === undefined ? await planMp3(source) : undefined;
  if (mp3 !== undefined) {
    return { parts: [{ source: mp3.source, reading: MP3 }], container: 'mp3', losses: mp3.losses };
  }
  const isQuickTime = kind?.name === QUICK_TIME;
  const parts = [{ source: whole, reading: readingOf(start), isQuickTime }];
  return { parts, losses: [], kind: kind ?? kindOfFrames(start) };
}

function readingOf(start: Buffer): Reading {
  const text = start.toString('latin1', 0, CAF_CODEC + 4);
  if (text.startsWith('wvpk')) return WAVPACK;
  return text.startsWith('caff') && text.endsWith('alac') ? ALAC_IN_CAF : ANY_CONTAINER;
}

/** Tags at the start are allowed anywhere, whatever the container says. */
async function withoutLeadingTags(source: SeekableSource): Promise<SeekableSource> {
  const reader = new ByteReader(source);
  let at = 0;
  for (;;) {
    const bytes = tagBytes(await reader.read(at, TAG_HEADER_BYTES));
    if (bytes === 0 || at + bytes >= source.bytes) return sliceSource(source, at, source.bytes);
    at += bytes;
  }
}

/** behind junk too */
async function findFlac(
  reader: ByteReader,
  start: Buffer,
): Promise<(Pick<SongPart, 'flac'> & { offset: number }) | undefined> {
  const offset = start.indexOf('fLaC');
  if (offset < 0) return undefined;
  const flac = parseFlacStreamInfo(await reader.read(offset, STREAM_INFO_BYTES));
  return flac && { offset, flac };
}

async function planPcm(source: SeekableSource, pcm: PcmStream): Promise<SongPlan> {
  const samples = await samplesOf(source, pcm);
  if (samples.bytes === 0) throw new EmptyAudioError();
  const { channels, speakers, sampleRate, sampleFormat, container } = pcm;
  const isPlaced = channels <= 2 || channels <= MAX_PLACED_CHANNELS || bitsIn(speakers) === channels;
  const layout = channelLayout(channels, speakers);
  const part: SongPart = {
    source: samples,
    reading: { demuxers: [sampleFormat], options: ['-ar', String(sampleRate), '-ch_layout', layout] },
    ...(!isPlaced && { unplacedChannels: channels }),
  };
  return { parts: [part], container, declaredSeconds: declaredSeconds(pcm), losses: [] };
}

/** Two channels are left and right, whatever speakers their writer named. */
function channelLayout(channels: number, speakers: number): string {
  if (channels > 2 && bitsIn(speakers) === channels) return `0x${speakers.toString(16)}`;
  return channels <= MAX_PLACED_CHANNELS ? `${channels}c` : `${channels}C`;
}

function bitsIn(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}
