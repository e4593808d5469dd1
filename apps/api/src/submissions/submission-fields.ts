import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CONTAINERS, FORMATS, OVERLAP_RANGE, SHIFTS_RANGE, TRACK_RANGE } from '@app/separations';
import { plainToInstance } from 'class-transformer';
import { IsOptional, IsString, MaxLength, validate } from 'class-validator';
import { invalidFields } from '../problems/invalid-fields.js';
import { ProblemError } from '../problems/problem.error.js';

/** The option fields of an upload, as text. Empty fields count as absent; the models decide which values are valid. */
export class SubmissionFields {
  // Swagger UI sends the example, or the word "string" if there is none
  @ApiPropertyOptional({ description: 'one of /v1/models; default: the default model', example: '' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly model?: string;

  @ApiPropertyOptional({
    description: 'comma-separated, such as `vocals,instrumental`; default: all stems of the model',
    example: '',
  })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  readonly stems?: string;

  @ApiPropertyOptional({
    description: `comma-separated, of ${FORMATS.join(', ')}; other formats are encoded when you download them`,
    default: 'flac',
  })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly formats?: string;

  @ApiPropertyOptional({
    type: 'number',
    description: 'share of a segment that overlaps its neighbor',
    minimum: OVERLAP_RANGE.min,
    maximum: OVERLAP_RANGE.max,
    default: OVERLAP_RANGE.default,
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  readonly overlap?: string;

  @ApiPropertyOptional({
    type: 'integer',
    description: 'shifted passes to average: slower, slightly better',
    minimum: SHIFTS_RANGE.min,
    maximum: SHIFTS_RANGE.max,
    default: SHIFTS_RANGE.default,
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  readonly shifts?: string;

  @ApiPropertyOptional({
    type: 'integer',
    description:
      'audio track of a file with several, counted from 1; default: the one that the file flags, else the first',
    minimum: TRACK_RANGE.min,
    maximum: TRACK_RANGE.max,
    example: '',
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  readonly track?: string;
}

/** The whole form, for the OpenAPI document. */
export class SubmissionForm extends SubmissionFields {
  @ApiProperty({
    type: 'string',
    format: 'binary',
    description: `the song: ${Object.values(CONTAINERS)
      .map(({ label }) => label)
      .join(', ')}`,
  })
  readonly file: unknown;
}

/** @throws ProblemError unknown_field or invalid_request */
export async function parseSubmissionFields(fields: Readonly<Record<string, unknown>>): Promise<SubmissionFields> {
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const instance = plainToInstance(SubmissionFields, set);
  // plainToInstance drops names such as __proto__
  const dropped = Object.keys(set).filter((name) => !Object.hasOwn(instance, name));
  if (dropped.length > 0) throw new ProblemError('unknown_field', `Unknown field "${dropped.join('", "')}".`);
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) throw invalidFields(errors);
  return instance;
}
