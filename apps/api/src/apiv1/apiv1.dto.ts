import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';

const HASH = '0123456789abcdef0123456789abcdef';

export class TrackParams {
  @ApiProperty({ description: 'as `separate` answered it', example: HASH })
  @IsString()
  @MaxLength(100)
  readonly hash: string;

  @ApiProperty({ description: 'a stem, with or without `.mp3`; `base` means `bass`', example: 'vocals.mp3' })
  @IsString()
  @MaxLength(100)
  readonly track: string;
}

const hash = { type: 'string', pattern: '^[0-9a-f]{32}$', description: 'the id of the separation without `sep_`' };

function objectOf(properties: object): object {
  return { type: 'object', properties, required: Object.keys(properties) };
}

export const ANSWER = objectOf({ hash, reason: { type: 'string', example: 'Song enqueued for separation' } });

export const QUEUE = objectOf({ queue: { type: 'array', items: hash } });

export const SONG = {
  type: 'object',
  required: ['mp3'],
  properties: {
    mp3: { type: 'string', format: 'byte', description: 'the song as base64 text; any format that /v1 accepts' },
    model: { type: 'string', maxLength: 100, description: 'one of /v1/models; the default model if you name none' },
    callback: {
      type: 'object',
      required: ['url'],
      description: 'is called once the song is separated',
      properties: {
        url: { type: 'string', format: 'uri', example: 'https://example.com/hook' },
        data: { description: 'the JSON body of that call; an empty object if you send none' },
      },
    },
  },
};
