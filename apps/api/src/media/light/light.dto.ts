import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches, MaxLength } from 'class-validator';
import { SeparationParams } from '../../separations/separations.dto.js';

const BLOCK = '^(?:0|[1-9][0-9]{0,5})$';

export class OriginalBlockParams extends SeparationParams {
  @ApiProperty({ description: 'of the block, counted from 0', pattern: BLOCK, example: '0' })
  @Matches(new RegExp(BLOCK), { message: 'n is not the number of a block' })
  readonly n: string;
}

export class StemBlockParams extends OriginalBlockParams {
  @ApiProperty({ example: 'vocals' })
  @IsString()
  @MaxLength(100)
  readonly stem: string;
}
