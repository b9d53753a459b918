import { reviewGate } from '../pipeline/steps/review-gate.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('review-gate', reviewGate);
