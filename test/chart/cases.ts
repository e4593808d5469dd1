import { describe } from '@jest/globals';
import { findHelm } from './helm.js';

export const helm = await findHelm();

/** Describes specs of the chart. Without Helm they are skipped, visibly. */
export const describeChart = helm === undefined ? describe.skip : describe;

/** the cases of ci/, and the Kubernetes versions they must be valid for */
export const CASES = [
  ['default', ['1.29.0', '1.34.0', '1.37.0']],
  ['cpu-only', ['1.29.0', '1.34.0', '1.37.0']],
  // older versions have no image volumes
  ['gpu-keda', ['1.34.0', '1.37.0']],
  ['external', ['1.29.0', '1.34.0', '1.37.0']],
  ['ingress', ['1.29.0', '1.34.0', '1.37.0']],
  ['everything', ['1.29.0', '1.34.0', '1.37.0']],
] as const;
