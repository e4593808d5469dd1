import { Module } from '@nestjs/common';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { ReconcilerService } from './reconciler.service.js';

/** Keeps Redis in line with the object store. */
@Module({ imports: [WebhooksModule], providers: [ReconcilerService], exports: [ReconcilerService] })
export class ReconcilerModule {}
