import { Module, type DynamicModule } from '@nestjs/common';
import { Ffmpeg } from '@app/audio';

/** Provides the one ffmpeg that inspects and encodes. */
@Module({})
export class AudioModule {
  static forRoot(ffmpeg: Ffmpeg): DynamicModule {
    return {
      module: AudioModule,
      global: true,
      providers: [{ provide: Ffmpeg, useValue: ffmpeg }],
      exports: [Ffmpeg],
    };
  }
}
