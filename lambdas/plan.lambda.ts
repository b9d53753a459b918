import { plan } from '../pipeline/steps/plan.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('plan', plan);
