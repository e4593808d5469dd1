import { Module } from '@nestjs/common';
import { ArchiveService } from './archive.service.js';
import { MediaController } from './media.controller.js';
import { MediaService } from './media.service.js';
import { StemEncoder } from './stem-encoder.js';

@Module({
  controllers: [MediaController],
  providers: [MediaService, ArchiveService, StemEncoder],
  exports: [StemEncoder],
})
export class MediaModule {}
