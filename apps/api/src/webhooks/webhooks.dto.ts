import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';

export class WebhookParams {
  @ApiProperty({ example: 'wh_0123456789abcdef0123456789abcdef' })
  @IsString()
  @MaxLength(100)
  readonly webhookId: string;
}

export class DeliveryParams extends WebhookParams {
  @ApiProperty({ description: '`n` of the delivery', example: '1796000000000-0123456789abcdef' })
  @IsString()
  @MaxLength(100)
  readonly n: string;
}
