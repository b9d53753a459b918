import { review } from '../../../pipeline/steps/work/review.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('review', review);
