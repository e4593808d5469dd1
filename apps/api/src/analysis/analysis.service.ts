import { Injectable } from '@nestjs/common';
import { AnalysisQueue } from '@app/queue';
import { SeparationStore } from '@app/separation-store';
import type { ShownAnalysis } from '@app/separations';
import { SeparationAccess } from '../access/separation-access.js';
import { fromQueue } from '../problems/outages.js';
import { shownAnalysis } from './shown-analysis.js';

/** Finds what the stems tell of a song, and has it made where it is missing. */
@Injectable()
export class AnalysisService {
  constructor(
    private readonly access: SeparationAccess,
    private readonly store: SeparationStore,
    private readonly queue: AnalysisQueue,
  ) {}

  /** undefined while it is being made. @throws ProblemError separation_not_found, not_completed, queue_unavailable */
  async find(id: string, owner: string | null): Promise<ShownAnalysis | undefined> {
    const { request, manifest } = await this.access.loadCompleted(id, owner);
    const analysis = await this.store.findAnalysis(manifest.id);
    if (analysis !== undefined) return shownAnalysis(analysis, request.own, manifest.input.durationSeconds);
    await fromQueue(() => this.queue.enqueue(request, 'asked'));
    return undefined;
  }
}
