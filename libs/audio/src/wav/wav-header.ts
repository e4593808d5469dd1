/** The header of a WAV file. */
export interface WavHeader {
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** a bit for each, in the order of the channels; 0 if it names none */
  readonly speakers: number;
  readonly bitsPerSample: number;
  readonly encoding: 'integer' | 'float';
  /** byte offset of the samples */
  readonly dataOffset: number;
  /** length of the samples; undefined if the writer did not know it (a pipe) */
  readonly dataBytes: number | undefined;
}

const UNKNOWN_SIZE = 0xffff_ffff;
const INTEGER = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/**
 * Parses the header of a WAV or RF64 file written by us or by ffmpeg (EBU Tech 3306 for RF64).
 * @param start the first bytes of the file
 * @returns undefined if `start` is too short
 * @throws TypeError if the file is not a WAV file
 */
export function parseWavHeader(start: Buffer): WavHeader | undefined {
  if (start.length < 12) return undefined;
  const kind = start.toString('latin1', 0, 4);
  if (!['RIFF', 'RF64'].includes(kind) || start.toString('latin1', 8, 12) !== 'WAVE') {
    throw new TypeError('not a WAV file');
  }
  let format: Omit<WavHeader, 'dataOffset' | 'dataBytes'> | undefined;
  let longDataBytes: number | undefined;
  for (let at = 12; at + 8 <= start.length;) {
    const name = start.toString('latin1', at, at + 4);
    const bytes = start.readUInt32LE(at + 4);
    const body = start.subarray(at + 8, at + 8 + bytes);
    if (name === 'data') {
      if (format === undefined) throw new TypeError('the WAV file has no format chunk');
      return { ...format, dataOffset: at + 8, dataBytes: bytes === UNKNOWN_SIZE ? longDataBytes : bytes };
    }
    if (body.length < bytes) return undefined;
    if (name === 'fmt ') format = parseFormat(body);
    if (name === 'ds64') longDataBytes = Number(body.readBigUInt64LE(8));
    at += 8 + bytes + (bytes % 2);
  }
  return undefined;
}

function parseFormat(body: Buffer): Omit<WavHeader, 'dataOffset' | 'dataBytes'> {
  const tag = body.readUInt16LE(0);
  // the GUID of an extensible format starts with the real tag
  const kind = tag === EXTENSIBLE ? body.readUInt16LE(24) : tag;
  if (kind !== INTEGER && kind !== FLOAT) throw new TypeError(`unsupported WAV format: ${kind}`);
  return {
    encoding: kind === FLOAT ? 'float' : 'integer',
    channels: body.readUInt16LE(2),
    speakers: tag === EXTENSIBLE ? body.readUInt32LE(20) : 0,
    sampleRate: body.readUInt32LE(4),
    bitsPerSample: body.readUInt16LE(14),
  };
}
