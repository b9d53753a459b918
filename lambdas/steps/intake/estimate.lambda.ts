import { estimate } from '../../../pipeline/steps/intake/estimate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('estimate', estimate);
