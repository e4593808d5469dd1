import { plainToInstance } from 'class-transformer';
import { IsOptional, IsString, MaxLength, validate } from 'class-validator';
import { invalidFields } from '../problems/invalid-fields.js';
import { ProblemError } from '../problems/problem.error.js';

/** The option fields of an upload, as text. Empty fields count as absent; the models decide which values are valid. */
export class SubmissionFields {
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly model?: string;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  readonly stems?: string;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly formats?: string;

  @IsOptional()
  @IsString()
  @MaxLength(30)
  readonly overlap?: string;

  @IsOptional()
  @IsString()
  @MaxLength(30)
  readonly shifts?: string;

  @IsOptional()
  @IsString()
  @MaxLength(30)
  readonly track?: string;

  @IsOptional()
  @IsString()
  @MaxLength(30)
  readonly priority?: string;
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
