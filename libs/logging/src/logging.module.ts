import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { closeLogger, type Logger } from './logger.js';
import { NestLogger } from './nest-logger.js';

/** injection token of the winston logger */
const LOGGER = Symbol('LOGGER');

/** Provides NestLogger, and closes the process's logger last. */
@Module({})
export class LoggingModule implements OnApplicationShutdown {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Takes the logger from main, which creates it before the app to log the start too. */
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: NestLogger, useFactory: () => new NestLogger(logger) },
      ],
      exports: [NestLogger],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await closeLogger(this.logger);
  }
}
