import { Module } from '@nestjs/common';
import { MediaModule } from '../media/media.module.js';
import { SeparationsModule } from '../separations/separations.module.js';
import { SubmissionsModule } from '../submissions/submissions.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { Apiv1Controller } from './apiv1.controller.js';
import { Apiv1Service } from './apiv1.service.js';
import { RemovedTracks } from './removed-tracks.js';

/** For programs that were written for a university course. On by COMPAT_API=lab7. */
@Module({
  imports: [MediaModule, SeparationsModule, SubmissionsModule, WebhooksModule],
  controllers: [Apiv1Controller],
  providers: [Apiv1Service, RemovedTracks],
})
export class Apiv1Module {}
