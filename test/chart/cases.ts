import { describe } from '@jest/globals';
import { findHelm } from './helm.js';

export const helm = await findHelm();

/** Specs of the chart: skipped, and seen to be, where Helm is not installed and cannot be carried. */
export const describeChart = helm === undefined ? describe.skip : describe;

/** the cases of ci/, and the Kubernetes versions whose schemas they must fit */
export const CASES = [
  ['default', ['1.29.0', '1.34.0', '1.37.0']],
  ['cpu-only', ['1.29.0', '1.34.0', '1.37.0']],
  // image volumes came later
  ['gpu-keda', ['1.34.0', '1.37.0']],
  ['external', ['1.29.0', '1.34.0', '1.37.0']],
  ['ingress', ['1.29.0', '1.34.0', '1.37.0']],
  ['everything', ['1.29.0', '1.34.0', '1.37.0']],
] as const;
