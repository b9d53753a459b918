import { plan } from '../../../pipeline/steps/work/plan.ts';
import { fargate } from '../../runtime/fargate.ts';
import { telling } from '../../runtime/running-phases.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan', plan, { launching: fargate, telling });
