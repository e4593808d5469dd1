import { Module, type DynamicModule } from '@nestjs/common';
import type { ApiConfig } from '@app/config';

/** Injection token of the typed configuration: `@Inject(API_CONFIG) config: ApiConfig`. */
export const API_CONFIG = Symbol('ApiConfig');

@Module({})
export class ApiConfigModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: ApiConfigModule,
      global: true,
      providers: [{ provide: API_CONFIG, useValue: config }],
      exports: [API_CONFIG],
    };
  }
}
