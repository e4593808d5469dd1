import { storedRequestSchema, type DocumentOf } from '@app/separations';

export const ANALYSIS_JOB_NAME = 'analyze';

const analysisJobSchema = storedRequestSchema.pick({ id: true, requestId: true });

/** Names a completed separation. */
export type AnalysisJob = DocumentOf<typeof analysisJobSchema>;

/** undefined if it breaks the contract */
export function parseAnalysisJob(data: unknown): AnalysisJob | undefined {
  return analysisJobSchema.safeParse(data).data;
}
