import { Module } from '@nestjs/common';
import { UploadReceiver } from './upload-receiver.js';

@Module({ providers: [UploadReceiver], exports: [UploadReceiver] })
export class UploadsModule {}
