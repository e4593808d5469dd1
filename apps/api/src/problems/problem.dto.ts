import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PROBLEMS } from './problem-codes.js';
import type { ProblemExtras } from './problem.error.js';

class FieldError {
  @ApiProperty({ example: 'limit' })
  readonly field: string;

  @ApiProperty({ example: 'limit must not be greater than 100' })
  readonly message: string;
}

/** The body of every error answer (RFC 9457). */
export class ProblemDocument {
  @ApiProperty({ example: 'urn:music-separation:problem:unknown_model' })
  readonly type: string;

  @ApiProperty({ example: 'The model is not known' })
  readonly title: string;

  @ApiProperty({ example: 422 })
  readonly status: number;

  @ApiProperty({ example: 'There is no model "htdemux".' })
  readonly detail: string;

  @ApiProperty({ enum: Object.keys(PROBLEMS), example: 'unknown_model' })
  readonly code: string;

  @ApiProperty({ example: '8c1f0f6e-6c6a-4d43-9f5c-1c4a4d6f3f0e' })
  readonly requestId: string;

  @ApiPropertyOptional({
    description: 'what would have been taken: names, or the ends of a range',
    oneOf: [
      { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'number' }] } },
      { type: 'object', additionalProperties: { type: 'number' } },
    ],
    example: ['htdemucs', 'demo'],
  })
  readonly allowed?: ProblemExtras['allowed'];

  @ApiPropertyOptional({ type: [FieldError] })
  readonly errors?: FieldError[];

  @ApiPropertyOptional({ description: 'the limit that was passed', example: 3600 })
  readonly limit?: number;
}
