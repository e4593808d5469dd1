import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

const ANSWERS = ['true', 'false'] as const;

export class EventsQuery {
  @ApiPropertyOptional({ enum: ANSWERS, description: '`true` also sends what can be heard before it ends' })
  @IsOptional()
  @IsIn(ANSWERS)
  readonly preview?: (typeof ANSWERS)[number];
}
