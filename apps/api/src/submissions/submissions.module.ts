import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module.js';
import { SeparationsModule } from '../separations/separations.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { Acceptance } from './acceptance.js';
import { IdempotentCalls } from './idempotent-calls.js';
import { SongInspector } from './song-inspector.js';
import { SubmissionsController } from './submissions.controller.js';
import { SubmissionsService } from './submissions.service.js';

@Module({
  imports: [ModelsModule, SeparationsModule, UploadsModule],
  controllers: [SubmissionsController],
  providers: [Acceptance, IdempotentCalls, SongInspector, SubmissionsService],
  exports: [SubmissionsService],
})
export class SubmissionsModule {}
