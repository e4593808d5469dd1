import { Module } from '@nestjs/common';
import type { ApiConfig } from '@app/config';
import { HostList } from '@app/outbound';
import { ObjectStore } from '@app/storage';
import { API_CONFIG } from '../config/api-config.module.js';
import { LinkFetcher } from './links/link-fetcher.js';
import { ResumableUploads } from './resumable/resumable-uploads.js';
import { ResumableUploadsController } from './resumable/resumable-uploads.controller.js';
import { UsedUploads } from './resumable/used-uploads.js';
import { UploadReceiver } from './upload-receiver.js';
import { UploadSlots } from './upload-slots.js';

@Module({
  controllers: [ResumableUploadsController],
  providers: [
    ResumableUploads,
    UploadReceiver,
    UploadSlots,
    UsedUploads,
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
  exports: [ResumableUploads, UploadReceiver],
})
export class UploadsModule {}
