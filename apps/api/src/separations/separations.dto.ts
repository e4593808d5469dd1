import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  FAILURE_CODES,
  FORMATS,
  STAGES,
  type FailureCode,
  type Format,
  type Progress,
  type Separation,
  type SeparationId,
  type SeparationStatus,
} from '@app/separations';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { ReceiptDocument } from './receipt.dto.js';

export const STATUSES = [
  'queued',
  'processing',
  'completed',
  'failed',
  'cancelled',
] as const satisfies SeparationStatus[];

export class SeparationParams {
  @ApiProperty({ name: 'id', example: 'sep_0123456789abcdef0123456789abcdef' })
  @IsString()
  @MaxLength(100)
  readonly id: string;
}

export class ListQuery {
  @ApiPropertyOptional({ enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  readonly status?: SeparationStatus;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 20 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 20;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before' })
  @IsOptional()
  @IsString()
  @Matches(/^[\w.:~=-]{1,200}$/, { message: 'cursor is not one of this list' })
  readonly cursor?: string;
}

class ProgressDocument {
  @ApiProperty({ description: 'measured work: audio done over audio to do', minimum: 0, maximum: 100, example: 42.5 })
  readonly percent: number;

  @ApiProperty({ enum: ['queued', ...STAGES, 'done'], example: 'separate' })
  readonly stage: Progress['stage'];
}

class QueueDocument {
  @ApiProperty({ description: '1 is the next one', example: 3 })
  readonly position: number;

  @ApiProperty({ type: 'number', nullable: true, description: 'seconds; null where it cannot be told', example: 95 })
  readonly etaSeconds: number | null;
}

class FailureDocument {
  @ApiProperty({ enum: FAILURE_CODES })
  readonly code: FailureCode;

  @ApiProperty({ example: 'The file could not be decoded.' })
  readonly message: string;
}

export class SeparationDocument implements Separation {
  @ApiProperty({ type: 'string', example: 'sep_0123456789abcdef0123456789abcdef' })
  readonly id: SeparationId;

  @ApiProperty({ enum: STATUSES, example: 'processing' })
  readonly status: SeparationStatus;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly startedAt?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  readonly finishedAt?: string;

  @ApiProperty({ description: 'as the client named it, made safe', example: 'song.mp3' })
  readonly fileName: string;

  @ApiPropertyOptional({ example: 183.4 })
  readonly durationSeconds?: number;

  @ApiProperty({ example: 'htdemucs' })
  readonly model: string;

  @ApiProperty({ type: [String], example: ['vocals', 'drums', 'bass', 'other'] })
  readonly stems: readonly string[];

  @ApiProperty({ enum: FORMATS, isArray: true, example: ['flac'] })
  readonly formats: readonly Format[];

  @ApiProperty({ type: ProgressDocument })
  readonly progress: ProgressDocument;

  @ApiPropertyOptional({ type: QueueDocument })
  readonly queue?: QueueDocument;

  @ApiPropertyOptional({ type: FailureDocument })
  readonly error?: FailureDocument;

  @ApiPropertyOptional({ type: ReceiptDocument })
  readonly receipt?: ReceiptDocument;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { self: '/v1/separations/sep_…' } })
  readonly links: Readonly<Record<string, unknown>>;
}

export class SeparationPage {
  @ApiProperty({ type: [SeparationDocument] })
  readonly separations: readonly SeparationDocument[];

  @ApiProperty({ type: 'string', nullable: true, description: '`cursor` of the next page; null on the last' })
  readonly nextCursor: string | null;
}
