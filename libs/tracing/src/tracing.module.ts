import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { openTracing, type Tracing } from './tracing.js';

/** injection token of what ends the tracing */
const CLOSE = Symbol('CLOSE_TRACING');

/** Traces while the app runs, and sends the last spans at its end. */
@Module({})
export class TracingModule implements OnApplicationShutdown {
  constructor(@Inject(CLOSE) private readonly close: () => Promise<void>) {}

  static forRoot(tracing: Tracing): DynamicModule {
    return { module: TracingModule, providers: [{ provide: CLOSE, useFactory: () => openTracing(tracing) }] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}
