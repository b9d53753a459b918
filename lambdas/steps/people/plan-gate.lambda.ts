import { planGate } from '../../../pipeline/steps/people/plan-gate.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('plan-gate', planGate, { telling });
