import { ApiProperty } from '@nestjs/swagger';
import {
  STAGES,
  type Manifest,
  type ManifestInput,
  type ManifestStem,
  type SeparationId,
  type SeparationOptions,
} from '@app/separations';

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const SECONDS = { type: 'number', minimum: 0 } as const;

class ReceiptEngine implements Readonly<Manifest['engine']> {
  @ApiProperty({ example: '0.1.0' })
  readonly version: string;

  @ApiProperty({ example: 'openvino' })
  readonly backend: string;

  @ApiProperty({ example: 'cpu' })
  readonly device: string;

  @ApiProperty({ example: 'fp32' })
  readonly precision: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { numpy: '2.4.0' } })
  readonly libraries: Readonly<Record<string, string>>;
}

class ReceiptOptions implements SeparationOptions {
  @ApiProperty({ example: 'htdemucs' })
  readonly model: string;

  @ApiProperty({ type: [String], example: ['vocals', 'drums', 'bass', 'other'] })
  readonly stems: readonly string[];

  @ApiProperty({ example: 0.25 })
  readonly overlap: number;

  @ApiProperty({ example: 0 })
  readonly shifts: number;
}

class ReceiptInput implements ManifestInput {
  @ApiProperty({ example: SHA256 })
  readonly sha256: string;

  @ApiProperty({ example: 'mp3' })
  readonly codec: string;

  @ApiProperty({ description: 'of the uploaded file, Hz', example: 48_000 })
  readonly sampleRate: number;

  @ApiProperty({ description: 'of the uploaded file', example: 2 })
  readonly channels: number;

  @ApiProperty({ description: 'decoded length at 44.1 kHz; every stem has as many', example: 8_087_940 })
  readonly samples: number;

  @ApiProperty({ example: 183.4 })
  readonly durationSeconds: number;
}

class ReceiptFile {
  @ApiProperty({ example: 'separations/sep_0123456789abcdef0123456789abcdef/waveform.json' })
  readonly key: string;

  @ApiProperty({ example: SHA256 })
  readonly sha256: string;

  @ApiProperty({ example: 21_034 })
  readonly bytes: number;
}

class ReceiptStem extends ReceiptFile implements ManifestStem {
  @ApiProperty({ example: 'vocals' })
  readonly name: string;

  @ApiProperty({ example: 8_087_940 })
  readonly samples: number;

  @ApiProperty({ type: 'number', nullable: true, description: 'dB of full scale; null for silence', example: -1.3 })
  readonly peakDb: number | null;
}

/** What was computed, by which weights, and the sha256 of every file. */
export class ReceiptDocument implements Manifest {
  @ApiProperty({ type: 'string', example: 'sep_0123456789abcdef0123456789abcdef' })
  readonly id: SeparationId;

  @ApiProperty({ example: 'htdemucs' })
  readonly model: string;

  @ApiProperty({ example: SHA256 })
  readonly weightsSha256: string;

  @ApiProperty({ type: ReceiptEngine })
  readonly engine: ReceiptEngine;

  @ApiProperty({ type: ReceiptOptions })
  readonly options: ReceiptOptions;

  @ApiProperty({ type: ReceiptInput })
  readonly input: ReceiptInput;

  @ApiProperty({ type: [ReceiptStem] })
  readonly stems: readonly ReceiptStem[];

  @ApiProperty({ type: [ReceiptFile], description: 'the other files that were stored with the stems' })
  readonly artefacts: readonly ReceiptFile[];

  @ApiProperty({ description: 'one gain for all stems, so that none clips', maximum: 0, example: 0 })
  readonly gainDb: number;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'energy of the song minus the sum of its stems; null where not all stems were made',
    example: -31.2,
  })
  readonly residualDb: number | null;

  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(STAGES.map((stage) => [stage, SECONDS])),
    required: [...STAGES],
    description:
      'seconds of each stage; stems are encoded and stored while they are separated, and `encode` and `store` are what ' +
      'was left of that',
    example: { fetch: 0.1, decode: 0.9, separate: 31.4, encode: 1.2, store: 0.2 },
  })
  readonly seconds: Manifest['seconds'];

  @ApiProperty({ type: [String], example: [] })
  readonly warnings: readonly string[];

  @ApiProperty({ format: 'date-time' })
  readonly startedAt: string;

  @ApiProperty({ format: 'date-time' })
  readonly finishedAt: string;
}
