import { checkpointGate } from '../pipeline/steps/checkpoint-gate.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('checkpoint-gate', checkpointGate);
