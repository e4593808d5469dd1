import { Module } from '@nestjs/common';
import { ArchiveService } from './archive.service.js';
import { MediaController } from './media.controller.js';
import { MediaService } from './media.service.js';
import { EncoderSlots } from './encoder-slots.js';
import { LightController } from './light/light.controller.js';
import { LightService } from './light/light.service.js';
import { MixService } from './mix.service.js';
import { PreviewController } from './preview.controller.js';
import { PreviewService } from './preview.service.js';
import { StemEncoder } from './stem-encoder.js';
import { TaggedFiles } from './tags/tagged-files.js';

@Module({
  controllers: [MediaController, PreviewController, LightController],
  providers: [
    MediaService,
    PreviewService,
    ArchiveService,
    MixService,
    LightService,
    StemEncoder,
    EncoderSlots,
    TaggedFiles,
  ],
  exports: [MediaService],
})
export class MediaModule {}
