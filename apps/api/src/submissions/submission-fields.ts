import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FORMATS, OVERLAP_RANGE, SHIFTS_RANGE } from '@app/separations';
import { plainToInstance } from 'class-transformer';
import { IsOptional, IsString, MaxLength, validate } from 'class-validator';
import { invalidFields } from '../problems/invalid-fields.js';
import { ProblemError } from '../problems/problem.error.js';

/** The option fields of an upload as texts; what they mean is checked against the models. An empty one is not set. */
export class SubmissionFields {
  // Swagger UI sends the example, and the word "string" where there is none
  @ApiPropertyOptional({ description: 'one of /v1/models; the default one where it is not set', example: '' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly model?: string;

  @ApiPropertyOptional({
    description: 'comma-separated, such as `vocals,instrumental`; all stems of the model where it is not set',
    example: '',
  })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  readonly stems?: string;

  @ApiPropertyOptional({
    description: `comma-separated, of ${FORMATS.join(', ')}; others are made when they are downloaded`,
    default: 'flac',
  })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly formats?: string;

  @ApiPropertyOptional({
    type: 'number',
    description: 'share of a segment that neighbours have in common',
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
    description: 'shifted passes that are averaged: slower, slightly better',
    minimum: SHIFTS_RANGE.min,
    maximum: SHIFTS_RANGE.max,
    default: SHIFTS_RANGE.default,
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  readonly shifts?: string;
}

/** The whole form, for the OpenAPI document. */
export class SubmissionForm extends SubmissionFields {
  @ApiProperty({ type: 'string', format: 'binary', description: 'the song: MP3, FLAC, WAV, Ogg, M4A, AIFF …' })
  readonly file: unknown;
}

/** @throws ProblemError unknown_field or invalid_request */
export async function parseSubmissionFields(fields: Readonly<Record<string, unknown>>): Promise<SubmissionFields> {
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const instance = plainToInstance(SubmissionFields, set);
  // names such as __proto__ are dropped on the way to an instance, and are not known either
  const dropped = Object.keys(set).filter((name) => !Object.hasOwn(instance, name));
  if (dropped.length > 0) throw new ProblemError('unknown_field', `Unknown field "${dropped.join('", "')}".`);
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) throw invalidFields(errors);
  return instance;
}
