import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { reports, variable } from '../../common/deployment.ts';
import { serviceName } from './telemetry.ts';

const metrics = new Metrics({ namespace: variable('metrics'), serviceName });

/** Milliseconds that a phase took, from the start of its sandbox to its end. */
export function measurePhase(phase: string, ms: number): void {
  const one = metrics.singleMetric();
  one.addDimension('phase', phase);
  one.addMetric(reports.phase, MetricUnit.Milliseconds, ms);
}
