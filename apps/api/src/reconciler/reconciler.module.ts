import { Module } from '@nestjs/common';
import { ReconcilerService } from './reconciler.service.js';

/** Keeps Redis in line with the object store. */
@Module({ providers: [ReconcilerService], exports: [ReconcilerService] })
export class ReconcilerModule {}
