import { planGate } from '../pipeline/steps/plan-gate.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('plan-gate', planGate);
