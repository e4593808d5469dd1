import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { closeLogger, type Logger } from './logger.js';
import { NestLogger } from './nest-logger.js';

/** injection token of the winston logger */
export const LOGGER = Symbol('LOGGER');

/** Makes the process's logger injectable (`@Inject(LOGGER)`), and closes it last. */
@Module({})
export class LoggingModule implements OnApplicationShutdown {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** The logger is made in main, before the app: what the start says must be logged too. */
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: NestLogger, useFactory: () => new NestLogger(logger) },
      ],
      exports: [LOGGER, NestLogger],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await closeLogger(this.logger);
  }
}
