import { plan } from '../../../pipeline/steps/work/plan.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan', plan);
