import { Module } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { HostList } from '@app/outbound';
import { ObjectStore } from '@app/storage';
import { API_CONFIG } from '../config/api-config.module.js';
import { LinkFetcher } from './links/link-fetcher.js';
import { UploadReceiver } from './upload-receiver.js';

@Module({
  providers: [
    UploadReceiver,
    {
      provide: LinkFetcher,
      useFactory: (store: ObjectStore, { limits, outbound }: ApiConfig) =>
        new LinkFetcher(store, new HostList(outbound.urlImportHosts), {
          maxBytes: limits.maxUploadBytes,
          stallSeconds: limits.uploadStallSeconds,
        }),
      inject: [ObjectStore, API_CONFIG],
    },
  ],
  exports: [UploadReceiver],
})
export class UploadsModule {}
