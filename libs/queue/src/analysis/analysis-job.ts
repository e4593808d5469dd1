import { storedRequestSchema, type DocumentOf } from '@app/separations';

/** why a song is analyzed: somebody waits for it, or nobody does yet */
export type AnalysisCause = 'asked' | 'separated';

const analysisJobSchema = storedRequestSchema.pick({ id: true, requestId: true });

/** Names a completed separation. */
export type AnalysisJob = DocumentOf<typeof analysisJobSchema>;

export function isAwaited(cause: string): boolean {
  return cause === ('asked' satisfies AnalysisCause);
}

/** undefined if it breaks the contract */
export function parseAnalysisJob(data: unknown): AnalysisJob | undefined {
  return analysisJobSchema.safeParse(data).data;
}
