import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemError } from '../../problems/problem.error.js';
import { TUS_VERSION } from './tus-headers.js';

/** Refuses clients that speak another version of tus, or do not say which. */
@Injectable()
export class TusVersionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<Request>();
    if (headers['tus-resumable'] === TUS_VERSION) return true;
    const detail = `Send "Tus-Resumable: ${TUS_VERSION}". This server speaks no other version of the tus protocol.`;
    throw new ProblemError('tus_version_unsupported', detail, { headers: { 'Tus-Version': TUS_VERSION } });
  }
}
