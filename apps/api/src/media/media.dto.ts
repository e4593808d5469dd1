import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FORMATS } from '@app/separations';
import { IsOptional, IsString, MaxLength } from 'class-validator';
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
