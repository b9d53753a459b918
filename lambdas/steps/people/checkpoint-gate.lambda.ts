import { checkpointGate } from '../../../pipeline/steps/people/checkpoint-gate.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('checkpoint-gate', checkpointGate, { telling });
