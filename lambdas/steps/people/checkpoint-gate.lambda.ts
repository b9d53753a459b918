import { checkpointGate } from '../../../pipeline/steps/people/checkpoint-gate.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('checkpoint-gate', checkpointGate, { announcing });
