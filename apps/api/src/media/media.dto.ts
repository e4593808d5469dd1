import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FORMATS, listPattern, PREVIEW_ATTEMPT } from '@app/separations';
import { Type } from 'class-transformer';
import { IsNumber, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
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

const BLOCK = '^(?:0|[1-9][0-9]{0,5})$';

export class PreviewParams extends SeparationParams {
  @ApiProperty({ description: 'from a `preview` event', pattern: PREVIEW_ATTEMPT, example: '5f0c9d3b7a61' })
  @Matches(new RegExp(PREVIEW_ATTEMPT), { message: 'attempt is not from a preview event' })
  readonly attempt: string;

  @ApiProperty({ example: 'vocals' })
  @IsString()
  @MaxLength(100)
  readonly stem: string;

  @ApiProperty({ description: 'of the block, counted from 0', pattern: BLOCK, example: '0' })
  @Matches(new RegExp(BLOCK), { message: 'n is not the number of a block' })
  readonly n: string;
}

export class ArchiveQuery {
  @ApiPropertyOptional({ enum: FORMATS, description: '`flac` if you name none' })
  @IsOptional()
  @IsString()
  @MaxLength(10)
  readonly format: string = 'flac';

  @ApiPropertyOptional({
    description: 'comma-separated names; all stems if you name none',
    pattern: listPattern(),
    maxLength: 1000,
    example: 'vocals,drums',
  })
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

const LEVEL = '(?:[01](?:[.][0-9]{1,6})?|2(?:[.]0{1,6})?)';
const LANE = `[A-Za-z0-9_-]{1,100}:${LEVEL}(?::${LEVEL})?`;
/** bounded by lanes, more than any model has: a length beside the pattern would take fuzzers minutes */
const LEVELS = `^${LANE}(?:,${LANE}){0,31}$`;

export class MixQuery {
  @ApiProperty({
    description:
      'Comma-separated stems, each with its level from 0 to 2: `drums:0.8`, or one level each for left and right: ' +
      '`drums:1:0.4`. Other stems are silent.',
    pattern: LEVELS,
    example: 'drums:1,bass:0.8,other:1:0.5',
  })
  @Matches(new RegExp(LEVELS), {
    message: 'levels must list stems with levels from 0 to 2, such as drums:1,bass:0.8',
  })
  readonly levels: string;

  @ApiPropertyOptional({
    type: 'number',
    minimum: 0.25,
    maximum: 4,
    description: 'how fast it is, at the same pitch: 0.5 is half as fast; 1 if you name none',
  })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0.25)
  @Max(4)
  readonly speed: number = 1;

  @ApiPropertyOptional({
    type: 'number',
    minimum: -12,
    maximum: 12,
    description:
      'how far the pitch is moved up, with fractions: 0.1 is ten cents. Drums keep theirs; 0 if you name none',
  })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(-12)
  @Max(12)
  readonly semitones: number = 0;
}
