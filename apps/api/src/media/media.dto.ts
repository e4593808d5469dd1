import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FORMATS } from '@app/separations';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { SeparationParams } from '../separations/separations.dto.js';

export class StemParams extends SeparationParams {
  @ApiProperty({ example: 'vocals' })
  @IsString()
  @MaxLength(100)
  readonly stem: string;

  @ApiProperty({ enum: FORMATS, example: 'mp3' })
  @IsString()
  @MaxLength(10)
  readonly format: string;
}

export class ArchiveQuery {
  @ApiPropertyOptional({ enum: FORMATS, default: 'flac' })
  @IsOptional()
  @IsString()
  @MaxLength(10)
  readonly format: string = 'flac';

  @ApiPropertyOptional({ description: 'names with commas between; all stems without it', example: 'vocals,drums' })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  readonly stems?: string;
}

export class MixParams extends SeparationParams {
  @ApiProperty({ enum: FORMATS, example: 'mp3' })
  @IsString()
  @MaxLength(10)
  readonly format: string;
}

const LEVEL = '(?:[01](?:\\.\\d{1,6})?|2(?:\\.0{1,6})?)';
const LANE = `[\\w-]{1,100}:${LEVEL}(?::${LEVEL})?`;

export class MixQuery {
  @ApiProperty({
    description:
      'stems with commas between, each with its level, 0 to 2: `drums:0.8`, or one for the left side and one for the ' +
      'right: `drums:1:0.4`. A stem that is not named is not heard.',
    example: 'drums:1,bass:0.8,other:1:0.5',
  })
  @MaxLength(2000)
  @Matches(new RegExp(`^${LANE}(?:,${LANE})*$`), {
    message: 'levels must be stems with their levels from 0 to 2, such as drums:1,bass:0.8',
  })
  readonly levels: string;
}

export class WaveformDocument {
  @ApiProperty({ example: 1 })
  readonly version: number;

  @ApiProperty({ description: 'Hz', example: 44_100 })
  readonly sampleRate: number;

  @ApiProperty({ description: 'samples of one channel that a peak stands for', example: 2205 })
  readonly samplesPerPeak: number;

  @ApiProperty({ description: 'of one channel', example: 2_646_000 })
  readonly samples: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 127 } },
    description: 'for each stem its peaks: the largest absolute sample of both channels, 127 is full scale',
    example: { vocals: [0, 12, 96], drums: [101, 30, 12] },
  })
  readonly stems: Readonly<Record<string, readonly number[]>>;
}
