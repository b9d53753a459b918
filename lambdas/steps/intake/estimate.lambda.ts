import { estimate } from '../../../pipeline/steps/intake/estimate.ts';
import { stepHandler } from '../../runtime/handler.ts';

export const handler = stepHandler('estimate', estimate);
