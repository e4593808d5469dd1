import { Module } from '@nestjs/common';
import { SeparationReader } from './separation-reader.js';
import { SeparationsController } from './separations.controller.js';
import { SeparationsService } from './separations.service.js';

@Module({
  controllers: [SeparationsController],
  providers: [SeparationReader, SeparationsService],
  exports: [SeparationReader],
})
export class SeparationsModule {}
