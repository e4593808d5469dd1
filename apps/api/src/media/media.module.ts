import { Module } from '@nestjs/common';
import { ArchiveService } from './archive.service.js';
import { MediaController } from './media.controller.js';
import { MediaService } from './media.service.js';
import { Encodings } from './encodings.js';
import { MixService } from './mix.service.js';
import { StemEncoder } from './stem-encoder.js';

@Module({
  controllers: [MediaController],
  providers: [MediaService, ArchiveService, MixService, StemEncoder, Encodings],
})
export class MediaModule {}
