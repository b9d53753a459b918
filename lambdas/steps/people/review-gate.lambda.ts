import { reviewGate } from '../../../pipeline/steps/people/review-gate.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('review-gate', reviewGate, { announcing });
