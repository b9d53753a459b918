import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { integrate } from '../../../pipeline/steps/campaign/integrate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('integrate', integrate, { comparing });
