import { claim } from '../../../pipeline/steps/intake/claim.ts';
import { stopping } from '../../runtime/running-phases.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('claim', claim, { stopping });
