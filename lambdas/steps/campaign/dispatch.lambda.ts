import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { dispatch } from '../../../pipeline/steps/campaign/dispatch.ts';
import { stopping } from '../../runtime/running-phases.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('dispatch', dispatch, { comparing, stopping });
