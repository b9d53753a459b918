import { reviewGate } from '../../../pipeline/steps/people/review-gate.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('review-gate', reviewGate, { notifying });
