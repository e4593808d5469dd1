import { Module } from '@nestjs/common';
import { ReconcilerService } from './reconciler.service.js';

/** Keeps Redis true to the object store. */
@Module({ providers: [ReconcilerService], exports: [ReconcilerService] })
export class ReconcilerModule {}
