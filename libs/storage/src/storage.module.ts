import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { StorageConfig } from '@app/config';
import { MinioModule, MinioService } from 'nestjs-minio-client';
import { RedisConnections } from '@app/redis';
import { createS3ObjectStore } from './create-object-store.js';
import { FolderObjectStore } from './folder/folder-object-store.js';
import { StoreMemory } from './folder/store-memory.js';
import { ObjectStore } from './object-store.js';
import { s3Connection } from './s3/s3-connection.js';

/** Provides the app's ObjectStore, and closes it as the last step of a shutdown. */
@Module({})
export class StorageModule implements OnApplicationShutdown {
  constructor(private readonly store: ObjectStore) {}

  static forRoot(config: StorageConfig): DynamicModule {
    const base = { module: StorageModule, global: true, exports: [ObjectStore] };
    if (config.driver !== 's3') {
      const useFactory = (connections: RedisConnections): ObjectStore =>
        new FolderObjectStore(config.root, new StoreMemory(connections));
      return { ...base, providers: [{ provide: ObjectStore, useFactory, inject: [RedisConnections] }] };
    }
    // Nest makes this driver's client
    const connection = s3Connection(config);
    return {
      ...base,
      imports: [MinioModule.register(connection.clientOptions)],
      providers: [
        {
          provide: ObjectStore,
          inject: [MinioService],
          useFactory: (minio: MinioService) => createS3ObjectStore(config, connection, minio.client),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
