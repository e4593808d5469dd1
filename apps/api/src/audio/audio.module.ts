import { Global, Module } from '@nestjs/common';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { API_CONFIG } from '../config/api-config.module.js';

/** One ffmpeg for all: a server without it does not start. */
@Global()
@Module({
  providers: [
    {
      provide: Ffmpeg,
      useFactory: async (config: ApiConfig) => new Ffmpeg(await resolveFfmpeg(config.audio)),
      inject: [API_CONFIG],
    },
  ],
  exports: [Ffmpeg],
})
export class AudioModule {}
