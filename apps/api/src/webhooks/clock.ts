import { Injectable } from '@nestjs/common';

/** The time; specs set it. */
@Injectable()
export class Clock {
  /** milliseconds since 1970 */
  now(): number {
    return Date.now();
  }
}
