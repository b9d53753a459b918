import { reviewGate } from '../../../pipeline/steps/people/review-gate.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('review-gate', reviewGate, { telling });
