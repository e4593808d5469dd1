import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Ffmpeg, resolveFfmpeg } from '@app/audio';
import type { ApiConfig } from '@app/config';
import { NestLogger, type Logger } from '@app/logging';
import { KeyRing } from './access/key-ring.js';
import { AppModule } from './app.module.js';
import { configureApp } from './configure-app.js';

/** Creates rest-server, not listening yet. @throws whatever prevents the start */
export async function createApp(config: ApiConfig, logger: Logger): Promise<NestExpressApplication> {
  const keys = new KeyRing(config.http.apiKeysFile);
  const ffmpeg = new Ffmpeg(await resolveFfmpeg(config.audio), config.scratchDir);
  const options: NestApplicationOptions = {
    // only uploads have a body, and it is streamed
    bodyParser: false,
    logger: new NestLogger(logger),
    abortOnError: false,
  };
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot({ config, logger, keys, ffmpeg }),
    options,
  );
  configureApp(app, config);
  return app;
}
