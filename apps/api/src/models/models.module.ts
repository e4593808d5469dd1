import { Module } from '@nestjs/common';
import { ModelCatalogues } from './model-catalogue.js';
import { ModelsController } from './models.controller.js';

@Module({ controllers: [ModelsController], providers: [ModelCatalogues], exports: [ModelCatalogues] })
export class ModelsModule {}
