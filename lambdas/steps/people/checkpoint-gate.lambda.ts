import { checkpointGate } from '../../../pipeline/steps/people/checkpoint-gate.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('checkpoint-gate', checkpointGate, { notifying });
