import { planGate } from '../../../pipeline/steps/people/plan-gate.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan-gate', planGate, { announcing });
