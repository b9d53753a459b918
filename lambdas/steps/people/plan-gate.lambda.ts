import { planGate } from '../../../pipeline/steps/people/plan-gate.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan-gate', planGate, { notifying });
