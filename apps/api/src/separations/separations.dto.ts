import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { STATUSES, type SeparationStatus } from '@app/separations';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/** base64url; those of a list are shorter */
const CURSOR = '^[A-Za-z0-9_-]{1,200}$';

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

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, description: '20 if you name none' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 20;

  @ApiPropertyOptional({ description: '`nextCursor` of the previous page', pattern: CURSOR })
  @IsOptional()
  @IsString()
  @Matches(new RegExp(CURSOR), { message: 'cursor is not from this list' })
  readonly cursor?: string;
}
