import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class ModelDocument {
  @ApiProperty({ example: 'htdemucs' })
  readonly name: string;

  @ApiProperty({ type: [String], example: ['drums', 'bass', 'other', 'vocals'] })
  readonly stems: readonly string[];

  @ApiProperty({ example: 'MIT' })
  readonly licence: string;

  @ApiProperty({ description: 'signatures of its networks', example: '955717e8' })
  readonly weights: string;

  @ApiProperty({ description: 'time for a second of song on a CPU; htdemucs is 1', example: 1 })
  readonly relativeCost: number;

  @ApiProperty({ description: 'whether a running worker has it', example: true })
  readonly installed: boolean;

  @ApiProperty({ description: 'taken when an upload names no model', example: true })
  readonly default: boolean;
}

export class ModelList {
  @ApiProperty({ type: [ModelDocument] })
  readonly models: readonly ModelDocument[];

  @ApiPropertyOptional({ description: 'said where another model than the wanted one is the default' })
  readonly notice?: string;
}
