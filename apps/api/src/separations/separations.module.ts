import { Module } from '@nestjs/common';
import { JobStates } from './job-states.js';
import { SeparationReader } from './separation-reader.js';
import { SeparationsController } from './separations.controller.js';
import { SeparationsService } from './separations.service.js';

@Module({
  controllers: [SeparationsController],
  providers: [JobStates, SeparationReader, SeparationsService],
  exports: [SeparationReader, SeparationsService],
})
export class SeparationsModule {}
