// Stands in for the package where specs run: it is CommonJS and requires Nest, an ES module, which Jest can do
// from Node 24.9 on only. The wiring is the same, and the client is the real one; storage.module.spec.ts compares them.
import { ConfigurableModuleBuilder, Inject, Injectable, Module } from '@nestjs/common';
import { Client, type ClientOptions } from 'minio';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<ClientOptions>()
  .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

@Injectable()
export class MinioService {
  readonly client: Client;

  constructor(@Inject(MODULE_OPTIONS_TOKEN) options: ClientOptions) {
    this.client = new Client(options);
  }
}

@Module({ providers: [MinioService], exports: [MinioService] })
export class MinioModule extends ConfigurableModuleClass {}
