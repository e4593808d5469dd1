import { Module } from '@nestjs/common';
import { SeparationsModule } from '../separations/separations.module.js';
import { SeparationEventsController } from './separation-events.controller.js';
import { SeparationEventsService } from './separation-events.service.js';

@Module({
  imports: [SeparationsModule],
  controllers: [SeparationEventsController],
  providers: [SeparationEventsService],
  exports: [SeparationEventsService],
})
export class EventsModule {}
