import { plan } from '../../../pipeline/steps/work/plan.ts';
import { fargate, telling } from '../../runtime/fargate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan', plan, { launching: fargate, telling });
