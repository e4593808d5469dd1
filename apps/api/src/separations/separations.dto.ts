import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { STATUSES, type SeparationStatus } from '@app/separations';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

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

  @ApiPropertyOptional({ description: '`nextCursor` of the previous page' })
  @IsOptional()
  @IsString()
  @Matches(/^[\w.:~=-]{1,200}$/, { message: 'cursor is not from this list' })
  readonly cursor?: string;
}
